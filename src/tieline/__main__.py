"""`python -m tieline`: the command line. Next stop: `tieline.cli`."""

from tieline.cli import main

if __name__ == "__main__":
    main()
