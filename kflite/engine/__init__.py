"""Engine: where the parts are wired together.

Lives here: which executor a word of `--on` means, and what a run would do there before it does. The only room beside the doctor
that knows concrete executors. The client and the command line import it.
"""
