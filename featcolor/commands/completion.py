"""featcolor completion SHELL: a completion script, made from the parser itself."""

from __future__ import annotations

import argparse

SUMMARY = "print a completion script for your shell"
DESCRIPTION = "Print a script that lets the shell complete featcolor's commands, options and files."
EPILOG = """\
bash:  featcolor completion bash > ~/.local/share/bash-completion/completions/featcolor
zsh:   featcolor completion zsh > ~/.zfunc/_featcolor      (a folder on your fpath)
tcsh:  featcolor completion tcsh >> ~/.tcshrc
"""

SHELLS = ("bash", "zsh", "tcsh")
FILES = ("input", "reference", "output", "model", "refs", "report")
FOLDERS = ("confidence",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `completion`."""
    parser.add_argument("shell", choices=SHELLS, help="which shell")


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from featcolor.commands.console import print_text

    for command in _commands(arguments.parser):
        for action in command._actions:
            if action.dest in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.dest in FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    print_text(shtab.complete(arguments.parser, arguments.shell))
    return 0


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    subparsers = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [command for action in subparsers for command in action.choices.values()]
