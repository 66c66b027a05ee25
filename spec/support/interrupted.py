"""interrupted.py SECONDS COMMAND...: Ctrl-C comes after so many seconds, to the
command and to what it has started; the status is the command's. timeout(1)
keeps it only if it is GNU's, and sh can not undo that SIGINT is ignored, as it
is in what a script has put beside itself."""
import os
import signal
import sys
import time

signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setpgid(0, 0)
group = os.getpid()
if os.fork() == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.closerange(0, 3)
    time.sleep(float(sys.argv[1]))
    if os.getppid() == group:
        os.killpg(group, signal.SIGINT)
    os._exit(0)
os.execvp(sys.argv[2], sys.argv[2:])
