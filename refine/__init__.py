"""What a pixel's neighbours say about its colour: edge-aware filters of chroma with lightness as guide.

`refine.refiners.refine` filters chroma at the working size, by a method named in a table; `refine.upsample` raises it
to full size along the edges of full-size lightness, whole (`upsample`) or band by band (`upsample_bands`,
`chroma_grid`).
"""
