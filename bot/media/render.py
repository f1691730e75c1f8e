"""Makes a picture that may be shown, in a process of its own: `render.py picture|paper SIDE plain|grey < file > jpeg`.

Law: it is run as a file, knows nothing of the service and has no secret in its memory or environment; it may use so
much time and memory and no more, and cannot write a file. What comes out is pixels, made anew. Anything wrong: nothing.
"""

from __future__ import annotations

import io
import sys
import warnings

MOST_PIXELS = 60_000_000  # of the original: more is an attack, or nothing that a phone makes
MEMORY = 1_200_000_000  # bytes of address space
SECONDS = 10  # of work
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
POINTS = 72.0  # of an inch


def limit() -> None:
    """So much and no more, where the system can be asked for it."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def picture(data: bytes, side: int) -> object:
    """The first picture of a file, upright, at most `side` wide and high. Raises whatever is wrong with it."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as found:
        warnings.simplefilter("error")
        if found.width * found.height > MOST_PIXELS:
            raise ValueError("pixels")
        found.draft("RGB", (side, side))
        shown = ImageOps.exif_transpose(found)
        if shown.mode in ("RGBA", "LA", "P", "PA"):  # what one sees through is white, as on paper
            clear = shown.convert("RGBA")
            ground = Image.new("RGBA", clear.size, (255, 255, 255, 255))
            shown = Image.alpha_composite(ground, clear)
        shown = shown.convert("RGB")
        shown.thumbnail((side, side))
        return Image.frombytes("RGB", shown.size, shown.tobytes())


def paper(data: bytes, side: int) -> object:
    """The first page of a PDF. The library has no JavaScript, and forms are not begun."""
    import pypdfium2  # type: ignore[import-untyped]

    document = pypdfium2.PdfDocument(data)
    page = document[0]
    width, height = page.get_size()
    if not (0 < width < 1e6 and 0 < height < 1e6):
        raise ValueError("size")
    scale = min(side / width, side / height, 200 / POINTS)
    return page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")


def main() -> int:
    """0 with a JPEG on the standard output, 1 with nothing."""
    kind, side, look = sys.argv[1:4]
    data = sys.stdin.buffer.read()
    limit()
    try:
        shown = (paper if kind == "paper" else picture)(data, int(side))
        if look == "grey":
            shown = shown.convert("L")  # type: ignore[attr-defined]
        made = io.BytesIO()
        shown.save(made, "JPEG", quality=85)  # type: ignore[attr-defined]
    except BaseException:
        return 1
    sys.stdout.buffer.write(made.getvalue())
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
