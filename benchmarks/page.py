"""Pictures of the server's page for the documentation, by Debian's chromium: light, dark, on a phone.

python -m benchmarks.page --output docs/figures
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from benchmarks.ways import running_server

# For each picture the colours, the size, and the model to compare with.
PICTURES = {
    "page-light": ("light", (1100, 780), ""),
    "page-dark": ("dark", (1100, 850), "en-news"),
    "page-phone": ("light", (390, 920), ""),
}


def main() -> None:
    """Open the page, tag the example, point at a name, and take a picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    folder = parser.parse_args().output
    from playwright.sync_api import sync_playwright

    with (
        running_server("--model", "en", "--model", "en-news", "--workers", "1") as (_, address),
        sync_playwright() as playwright,
    ):
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=root)
        for name, (scheme, (width, height), other) in PICTURES.items():
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": height})
            page.goto(address)
            page.wait_for_selector("#model option", state="attached")
            page.click("#example")
            page.wait_for_selector("mark")
            if other:
                page.select_option("#compare", other)
                page.wait_for_selector('[data-view="1"] mark')
            page.focus('.token[data-token="4"]')
            page.screenshot(path=folder / f"{name}.png", full_page=name == "page-phone")
        browser.close()


if __name__ == "__main__":
    main()
