"""How good and how fast is featcolor, beside others?"""
