"""The pages of the project as data: their fenced blocks, links and generated parts.

A block is run, compiled or compared by its language (documents_test.py); these comments, which a
reader does not see, stand alone on the line before a fence:

  <!-- not run: REASON -->   a sh or python block that the tests leave alone
  <!-- output -->            a text block: what the block before it prints
  <!-- file: NAME -->        a block of any language: the blocks after it find it as a file

Used by CMake too, which builds every C++ and C block:  documents.py SOURCE_DIR PROGRAMS_DIR
And by writers, after a change of the catalogue:  documents.py --update SOURCE_DIR THALWEG
"""

import dataclasses
import pathlib
import re
import subprocess
import sys

# Languages whose blocks are programs, and how the files of each end.
PROGRAM_SUFFIXES = {"cpp": ".cc", "c": ".c"}

GENERATED_BEGIN = "<!-- generated: thalweg schema --markdown -->\n"
GENERATED_END = "<!-- end of generated -->\n"


@dataclasses.dataclass
class Block:
    page: pathlib.Path
    line: int  # Of the fence, from 1.
    language: str
    text: str
    remark: str  # The text of the comment on the line before; empty without one.
    number: int  # Among the blocks of its page, from 1.

    @property
    def where(self):
        return f"{self.page}:{self.line}"

    @property
    def file(self):
        """The name of the file that the block is; None when it is none."""
        return self.remark.removeprefix("file: ") if self.remark.startswith("file: ") else None

    @property
    def program(self):
        """The name of the program made of a cpp or c block."""
        return f"snippet_{self.page.stem.lower()}_{self.number}"


def pages(source):
    return sorted(source.glob("*.md")) + sorted(source.glob("docs/*.md"))


def blocks(page):
    """The fenced blocks of a page, in order."""
    found = []
    lines = page.read_text(encoding="utf-8").splitlines()
    fence = None
    for number, line in enumerate(lines, start=1):
        if not line.startswith("```"):
            continue
        if fence is None:
            fence = number
            continue
        before = lines[fence - 2] if fence > 1 else ""
        remark = re.fullmatch(r"<!-- (.*) -->", before)
        text = "".join(part + "\n" for part in lines[fence : number - 1])
        comment = remark.group(1) if remark else ""
        found.append(Block(page, fence, lines[fence - 1][3:], text, comment, len(found) + 1))
        fence = None
    if fence is not None:
        raise ValueError(f"{page}:{fence}: the block does not end")
    return found


def with_outputs(page):
    """The blocks of a page that are no outputs, each with the text that it should print, or None."""
    found = []
    for block in blocks(page):
        if block.remark == "output":
            found[-1] = (found[-1][0], block.text)
        else:
            found.append((block, None))
    return found


def ring_names(page):
    """The rings that a page's commands publish."""
    text = "\n".join(block.text for block in blocks(page) if block.language == "sh")
    return set(re.findall(r"--ring ([\w-]+)", text))


def with_rings_renamed(text, names, suffix):
    """The text with another name for each ring, as a word or in the path of its file."""
    for name in names:
        word = rf"(?<![\w./-]){name}(?![\w./-])"
        text = re.sub(rf"{word}|(?<=/thalweg\.){name}\b", name + suffix, text)
    return text


def generated_part(text):
    begin = text.index(GENERATED_BEGIN) + len(GENERATED_BEGIN)
    return text[begin : text.index(GENERATED_END, begin)]


def schema_tables(thalweg):
    command = [thalweg, "schema", "--markdown"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def in_page(tables):
    """The tables as they stand in the page: a blank line around them."""
    return "\n" + tables + "\n"


def update(source, thalweg):
    page = source / "docs" / "FEATURES.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace(
            GENERATED_BEGIN + generated_part(text) + GENERATED_END,
            GENERATED_BEGIN + in_page(schema_tables(thalweg)) + GENERATED_END,
        ),
        encoding="utf-8",
    )


def write_programs(source, folder):
    """Writes a source file for every program and prints their names; leaves equal files alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in pages(source):
        for block in blocks(page):
            if block.language not in PROGRAM_SUFFIXES:
                continue
            file = folder / (block.program + PROGRAM_SUFFIXES[block.language])
            # A compiler's message names the page.
            text = f'#line {block.line + 1} "{block.page}"\n' + block.text
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")
            print(file.name)


if __name__ == "__main__":
    if sys.argv[1] == "--update":
        update(pathlib.Path(sys.argv[2]), sys.argv[3])
    else:
        write_programs(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
