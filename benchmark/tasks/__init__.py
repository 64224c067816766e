"""One task per file, exposed as TASK: which classes a method is fitted on, and which it is tested on."""
