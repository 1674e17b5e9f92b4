"""The pages of the command line, written from the parsers: no option is described twice."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from functools import partial
from typing import Final

from repository import GENERATED, PROGRAMS, write_changed
from sphinx.application import Sphinx

from featcolor.commands.program import ALIASES, build_parser

COMMANDS: Final = GENERATED / "commands"
WIDTH: Final = 100
"""Characters of a line of usage."""
LAID_OUT: Final = re.compile(r"^ |\S {2,}\S", re.MULTILINE)
"""A paragraph whose spaces mean something."""
SPECIAL: Final = re.compile(r"'(featcolor [^']+)'|(?<![\w\-'])(--?[a-z][a-z-]*)(?![\w'])|(\w+://[\w.:/]+)|([\\*`|_])")
"""Commands, options, addresses; what would be markup."""
TITLES: Final = {"positional arguments": "Arguments"}
"""Of groups, for a person who knows no parser."""
INDEX: Final = """\
Each page is made from the parser of its command, and says what ``featcolor COMMAND --help`` says.
All commands take ``--help``, which prints that, ``--quiet`` and ``--debug``.

A command ends with 0 when all is done, 1 when some of the work failed (what failed is named, the rest was done), 2 when
the call cannot be done as typed, and 130 when Ctrl-C stopped it.
"""


def write_pages(app: Sphinx) -> None:
    """One page a command, and their index."""
    COMMANDS.mkdir(parents=True, exist_ok=True)
    program = build_parser()
    write_changed(COMMANDS / "index.rst", index_page(program))
    for name, parser in walk(program):
        write_changed(COMMANDS / f"{name}.rst", command_page(parser))


def walk(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command below a parser, as (name of its page, parser)."""
    for _, below in subcommands(parser):
        yield page_name(below), below
        yield from walk(below)


def subcommands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    """Commands right below a parser, as (what they do in a few words, parser); other names of one are left out."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return [(choice.help or "", action.choices[choice.dest]) for choice in action._choices_actions]
    return []


def page_name(parser: argparse.ArgumentParser) -> str:
    """Name of a command's page, without the program's."""
    return "-".join(parser.prog.split()[1:])


def index_page(program: argparse.ArgumentParser) -> str:
    """The page above all commands."""
    return "\n".join([heading("Command line"), *prose(program.description or ""), INDEX, *table_of(program)])


def command_page(parser: argparse.ArgumentParser) -> str:
    """What a command does, how it is called, its options by groups, examples."""
    parser.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=WIDTH)
    for action in parser._actions:
        if action.choices and not isinstance(action, argparse._SubParsersAction):
            action.metavar = action.dest.upper()  # the choices stand below it
    usage = parser.format_usage().removeprefix("usage: ").replace("\n       ", "\n")
    lines = [heading(parser.prog), *prose(parser.description or ""), *block(usage)]
    lines += [f"``featcolor {alias}`` is the same command.\n" for alias in ALIASES.get(parser.prog.split()[1], ())]
    if subcommands(parser):
        lines += table_of(parser)
    lines += [f".. program:: {parser.prog}\n"]
    for group in parser._action_groups:
        lines += options(parser, group)
    lines += prose(parser.epilog or "")
    return "\n".join(lines)


def options(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> Iterator[str]:
    """A group of options under its title; options that help does not show are left out."""
    formatter = parser._get_formatter()
    actions = [
        action
        for action in group._group_actions
        if action.help != argparse.SUPPRESS
        and not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    ]
    if not actions:
        return
    title = group.title or ""
    yield f".. rubric:: {TITLES.get(title, capital(title))}\n"
    if group.description:
        yield f"{capital(plain(group.description))}.\n"
    for action in actions:
        yield f".. option:: {formatter._format_action_invocation(action)}\n"
        choices = f"; one of {', '.join(f'``{choice}``' for choice in action.choices)}" if action.choices else ""
        yield f"   {plain(formatter._expand_help(action)) if action.help else ''}{choices}\n"


def table_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Commands below a parser with what they do, each a link."""
    below = subcommands(parser)
    yield ".. list-table::\n   :widths: 30 70\n"
    for summary, command in below:
        yield f"   * - :doc:`{command.prog} <{page_name(command)}>`\n     - {plain(summary)}"
    yield "\n.. toctree::\n   :hidden:\n"
    yield from (f"   {command.prog.split()[-1]} <{page_name(command)}>" for _, command in below)
    yield ""


def prose(text: str) -> Iterator[str]:
    """A parser's description or epilog: paragraphs, and blocks where the spaces mean something."""
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        title, _, rest = paragraph.partition("\n")
        if not LAID_OUT.search(paragraph):
            yield f"{plain(paragraph)}\n"
            continue
        if title.endswith(":") and not title.startswith(" "):
            yield f".. rubric:: {capital(title[:-1])}\n"
            paragraph = textwrap.dedent(rest)
        if paragraph.split(maxsplit=1)[0] in PROGRAMS:
            yield from block(examples(textwrap.dedent(paragraph)), "bash")
        else:
            yield from block(paragraph)


def examples(text: str) -> str:
    """Command lines that a screen shows with a remark beside each, with the remark above."""
    lines: list[str] = []
    for line in text.splitlines():
        words, _, remark = line.strip().partition("   ")
        if not line.startswith(" "):
            lines += ["", words.removesuffix(" \\")]
        elif words.startswith("-"):
            lines[-1] += f" \\\n    {words}"
        else:
            remark = words
        if remark:
            command = lines.pop()
            lines += [f"# {remark.strip()}", command]
    return "\n".join(lines).strip()


def block(text: str, language: str = "none") -> Iterator[str]:
    """A block of text as it is."""
    yield f".. code-block:: {language}\n\n{textwrap.indent(textwrap.dedent(text), '   ')}\n"


def heading(title: str) -> str:
    """The title of a page."""
    return f"{title}\n{'=' * len(title)}\n"


def plain(text: str) -> str:
    """Text that means nothing to reStructuredText but for options, addresses and quoted commands, shown as such."""
    return SPECIAL.sub(lambda found: f"\\{found[4]}" if found[4] else f"``{found[1] or found[2] or found[3]}``", text)


def capital(text: str) -> str:
    """Text with its first letter as a sentence has it."""
    return text[:1].upper() + text[1:]


def setup(app: Sphinx) -> dict[str, bool]:
    """As of Sphinx."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
