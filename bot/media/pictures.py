"""Small pictures of photos, for the desk.

Law: made anew from the pixels, so that nothing of the original file (place, camera, scripts) is in them; a picture that
is too large or broken has none.
"""

from __future__ import annotations

import io
import warnings

SIDE = 320  # pixels
MOST_PIXELS = 60_000_000  # of the original: more is an attack, or nothing that a phone makes
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


def thumbnail(data: bytes) -> bytes | None:
    """A JPEG of at most SIDE x SIDE, or None."""
    from PIL import Image, ImageOps  # when the first picture comes

    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            warnings.simplefilter("error")
            if picture.width * picture.height > MOST_PIXELS:
                return None
            picture.draft("RGB", (SIDE, SIDE))
            small = ImageOps.exif_transpose(picture).convert("RGB")
            small.thumbnail((SIDE, SIDE))
            made = io.BytesIO()
            Image.frombytes("RGB", small.size, small.tobytes()).save(made, "JPEG", quality=80)
    except Exception:  # whatever is wrong with it: it is kept, and has no picture
        return None
    return made.getvalue()
