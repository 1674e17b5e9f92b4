"""The errors that a person can cause and mend; `commands` prints them in one line."""


class FeatcolorError(Exception):
    """Base of all errors of ours: the message names the file and the remedy."""


class PictureError(FeatcolorError, ValueError):
    """A picture cannot be read, written or used."""


class ClipError(FeatcolorError, ValueError):
    """A film cannot be read, written or used."""


class ModelFileError(FeatcolorError, ValueError):
    """A model file is damaged, foreign, or newer than this program."""


class NetworkError(FeatcolorError, ValueError):
    """A backbone network is missing, damaged or not what its hash promises."""


class ReferencesError(FeatcolorError, ValueError):
    """The reference pictures cannot carry a fit (none usable, too few, all grey)."""


class TrainingError(FeatcolorError, ArithmeticError):
    """The training of a colour network has diverged."""


class UsageError(FeatcolorError, ValueError):
    """What was asked for contradicts itself or cannot be done; exit code 2."""
