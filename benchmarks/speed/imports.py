"""Time that `import` takes in a fresh interpreter."""

from __future__ import annotations

from benchmarks.speed.inputs import Timed


class Imports(Timed):
    """Importing a module in a fresh interpreter; the last four are what our modules cannot do without."""

    params = (
        (
            "featcolor.commands",
            "featcolor.models.colorizer",
            "featcolor.regression.regressor",
            "featcolor.batch.colour",
            "numpy",
            "cv2",
            "onnxruntime",
            "sklearn.base",
        ),
    )
    quick_params = (("featcolor.commands", "featcolor.models.colorizer"),)
    smoke_params = (("featcolor.errors",),)
    param_names = ("module",)

    def timeraw_import(self, module: str) -> str:
        return f"import {module}"
