#!/usr/bin/env python3
"""Makes the fonts of the figures from Inter: a few hundred glyphs, and digits that are all of one width.

    apt-get download fonts-inter && dpkg -x fonts-inter_*.deb inter     # 4.0~beta7
    pip install fonttools==4.68.0 brotli
    python3 make.py inter/usr/share/fonts/opentype/inter .

Writes Inter-Regular.otf, Inter-SemiBold.otf (for outlines) and the same as .woff2.base64 (for pages).
"""

import base64
import io
import sys

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

# ASCII, Latin-1, Latin Extended-A, Greek, punctuation, super- and subscripts, arrows, mathematics, marks.
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3A9), (0x3B1, 0x3C9), (0x2010, 0x2027), (0x2030, 0x2033),
    (0x2039, 0x203A), (0x2044, 0x2044), (0x2070, 0x2099), (0x20AC, 0x20AC), (0x2122, 0x2122),
    (0x2190, 0x2193), (0x2206, 0x2206), (0x2212, 0x2212), (0x221A, 0x221A), (0x221E, 0x221E),
    (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265), (0x25B2, 0x25B2), (0x25BC, 0x25BC),
    (0x25CF, 0x25CF), (0x2713, 0x2713), (0x2717, 0x2717), (0xFFFD, 0xFFFD),
]


def digits_of_one_width(font):
    """Maps each character to the glyph that the feature `tnum` would put in its place."""
    table = font["GSUB"].table
    indices = {i for record in table.FeatureList.FeatureRecord if record.FeatureTag == "tnum"
               for i in record.Feature.LookupListIndex}
    swapped = {}
    for index in indices:
        for sub in table.LookupList.Lookup[index].SubTable:
            swapped.update(getattr(sub, "ExtSubTable", sub).mapping)
    for cmap in font["cmap"].tables:
        cmap.cmap = {code: swapped.get(name, name) for code, name in cmap.cmap.items()}
    # The 4 of the semi-bold is a thousandth narrower.
    names, metrics = font.getBestCmap(), font["hmtx"].metrics
    for digit in "0123456789":
        metrics[names[ord(digit)]] = (metrics[names[ord("0")]][0], metrics[names[ord(digit)]][1])


def main(source, target):
    for weight in ["Regular", "SemiBold"]:
        for flavour, ending in [(None, "otf"), ("woff2", "woff2.base64")]:
            font = TTFont(f"{source}/Inter-{weight}.otf")
            digits_of_one_width(font)
            options = Options(layout_features=[], hinting=False, notdef_outline=True, glyph_names=False,
                              name_IDs=[0, 1, 2, 4, 6, 13, 14], name_languages=[0x409], notdef_glyph=True)
            options.drop_tables += ["GSUB", "GPOS", "GDEF", "DSIG", "kern", "STAT"]
            subset = Subsetter(options)
            subset.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
            subset.subset(font)
            font.flavor = flavour
            font["head"].modified = font["head"].created
            font.recalcTimestamp = False
            out = io.BytesIO()
            font.save(out)
            data = base64.b64encode(out.getvalue()) if flavour else out.getvalue()
            with open(f"{target}/Inter-{weight}.{ending}", "wb") as file:
                file.write(data)


main(*sys.argv[1:3])
