"""`python -m kflite` is the command `kflite`."""

from kflite.cli import main

if __name__ == "__main__":
    main()
