"""The command line. It decides nothing: it asks the configuration, the database or a running hub, and shows the answer.

Rule: a command's module is imported only when the command runs, so that `tieline --help` is quick; standard output
carries data only, everything said to a person goes to standard error. Exit codes: 0 done, 1 refused or failed, 2 wrong
usage or configuration, 75 try again later. Next stop: `tieline.cli.table`, which lists the commands.
"""


def main() -> None:
    """Run the command line of this process; never returns."""
    from tieline.cli.app import run

    run()
