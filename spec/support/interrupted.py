"""interrupted.py COMMAND...: Ctrl-C comes as soon as the command has printed
something, to it and to what it has started; the status is the command's. sh can
not undo that SIGINT is ignored, as it is in what a script has put beside itself."""
import os
import signal
import subprocess
import sys


def on_its_own():
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


command = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE,
                           preexec_fn=on_its_own)
printed = os.read(command.stdout.fileno(), 65536)
if printed:
    os.killpg(command.pid, signal.SIGINT)
sys.stdout.buffer.write(printed + command.stdout.read())
sys.stdout.flush()
status = command.wait()
sys.exit(status if status >= 0 else 128 - status)
