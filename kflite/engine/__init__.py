"""Engine: where the parts are wired together.

Lives here: which executor a word of `--on` means, a submission's plan, and what a run or a retry would do before it does. The
only room beside the doctor and image building that knows concrete executors. The client and the command line import it.
"""
