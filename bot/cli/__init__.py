"""The commands of `saathi`, one file each: `NAME`, `add_arguments(parser)`, `run(args) -> exit code`.

Law: a command parses, calls the app and prints; it decides nothing about people.
"""
