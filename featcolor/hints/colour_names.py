"""Names of colours that people use of cloth, paint, skin, hair and earth in old photographs, beside those of CSS.

Sources: "xkcd" is the colour survey of 2010 (CC0), "Maerz" Maerz and Paul's Dictionary of Color of 1930; "ours" are
chosen by eye for what the word means in a photograph, and skin by the median of skin of each lightness in photographs
of people. Brown, khaki and navy are those of cloth, which CSS has as a red, a pale yellow and a pure blue.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple


class NamedColour(NamedTuple):
    """A colour "#rrggbb" and where it is from."""

    code: str
    source: str


COMMON: Final = MappingProxyType(
    {
        "cloth and uniform": {
            "khaki": NamedColour("#c3b091", "Maerz"),
            "khaki drab": NamedColour("#6b5f3f", "ours"),
            "olive drab": NamedColour("#6f7632", "xkcd"),
            "army green": NamedColour("#4b5d16", "xkcd"),
            "field grey": NamedColour("#4d5d53", "ours"),
            "feldgrau": NamedColour("#4d5d53", "ours"),
            "horizon blue": NamedColour("#7f95a8", "ours"),
            "air force blue": NamedColour("#4a6580", "ours"),
            "navy": NamedColour("#1f2c4d", "ours"),
            "denim": NamedColour("#3b638c", "xkcd"),
            "tweed": NamedColour("#7a6a4f", "ours"),
            "brown": NamedColour("#653700", "xkcd"),
            "camel": NamedColour("#c69f59", "xkcd"),
            "fawn": NamedColour("#cfaf7b", "xkcd"),
            "ecru": NamedColour("#e8dcb8", "ours"),
            "oxblood": NamedColour("#5c1a1b", "ours"),
            "burgundy": NamedColour("#610023", "xkcd"),
            "wine": NamedColour("#6d1a36", "ours"),
            "scarlet": NamedColour("#be0119", "xkcd"),
            "rose": NamedColour("#cf6275", "xkcd"),
            "dusty pink": NamedColour("#d58a94", "xkcd"),
            "lilac": NamedColour("#b79bc8", "ours"),
            "mauve": NamedColour("#ae7181", "xkcd"),
            "royal purple": NamedColour("#4b006e", "xkcd"),
            "bottle green": NamedColour("#044a05", "xkcd"),
            "hunter green": NamedColour("#0b4008", "xkcd"),
            "leather": NamedColour("#ac7434", "xkcd"),
        },
        "paint and metal": {
            "prussian blue": NamedColour("#004577", "xkcd"),
            "cobalt": NamedColour("#1e488f", "xkcd"),
            "petrol": NamedColour("#005f6a", "xkcd"),
            "powder blue": NamedColour("#b1d1fc", "xkcd"),
            "sage": NamedColour("#87ae73", "xkcd"),
            "mustard": NamedColour("#c79a1e", "ours"),
            "ochre": NamedColour("#bf9005", "xkcd"),
            "cream": NamedColour("#f3e6c4", "ours"),
            "rust": NamedColour("#a83c09", "xkcd"),
            "copper": NamedColour("#b66325", "xkcd"),
            "brass": NamedColour("#b5923f", "ours"),
            "mahogany": NamedColour("#6a2e1c", "ours"),
            "oak": NamedColour("#a47a46", "ours"),
        },
        "skin": {
            "pale skin": NamedColour("#ebcbbc", "ours"),
            "fair skin": NamedColour("#dfbead", "ours"),
            "light skin": NamedColour("#d3b19e", "ours"),
            "tanned skin": NamedColour("#a17b68", "ours"),
            "brown skin": NamedColour("#886450", "ours"),
            "dark skin": NamedColour("#53382a", "ours"),
            "rosy skin": NamedColour("#dcaa90", "ours"),
            "lips": NamedColour("#a85650", "ours"),
        },
        "hair": {
            "blond": NamedColour("#c9a66b", "ours"),
            "blonde": NamedColour("#c9a66b", "ours"),
            "auburn": NamedColour("#7b3f23", "ours"),
            "ginger": NamedColour("#b5602c", "ours"),
            "chestnut": NamedColour("#6b3a25", "ours"),
            "dark brown": NamedColour("#341c02", "xkcd"),
        },
        "earth and stone": {
            "brick": NamedColour("#a03623", "xkcd"),
            "terracotta": NamedColour("#ca6641", "xkcd"),
            "clay": NamedColour("#b66a50", "xkcd"),
            "sepia": NamedColour("#985e2b", "xkcd"),
            "umber": NamedColour("#6b4a2f", "ours"),
            "earth": NamedColour("#7a5a3f", "ours"),
            "sand": NamedColour("#d6bf8e", "ours"),
            "straw": NamedColour("#d8bd6a", "ours"),
            "stone": NamedColour("#ada587", "xkcd"),
            "slate": NamedColour("#516572", "xkcd"),
            "moss": NamedColour("#769958", "xkcd"),
            "grass": NamedColour("#5f8a3a", "ours"),
            "pine": NamedColour("#2b5d34", "xkcd"),
            "sky": NamedColour("#8fb8dc", "ours"),
            "overcast": NamedColour("#b3bcc4", "ours"),
        },
    }
)
"""Names, with spaces, by what they are used of."""
