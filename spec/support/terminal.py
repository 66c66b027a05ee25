"""Runs a command at a terminal of its own and says what somebody sees there.

    terminal.py COLUMNS STEPS COMMAND...

STEPS is JSON, a list of ["wait", text], ["send", text], ["resize", columns],
["sleep", seconds]. What is waited for comes after what was waited for before, and
after the last resizing. Prints JSON: the exit status (128 + n for a signal), the
screen as lines without blanks at their ends, how often a line was longer than
the terminal, and all bytes as text.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time
import unicodedata

LIMIT = 60  # seconds for each step, and for the end


class Screen:
    """As much of a terminal as the command uses."""

    def __init__(self, columns):
        self.columns, self.lines, self.x, self.wraps = columns, [[]], 0, 0

    def put(self, char):
        # ambiguous ones are wide where a terminal is set up for Chinese
        width = 2 if unicodedata.east_asian_width(char) in "WFA" else 1
        if unicodedata.combining(char):
            width = 0
        if self.x + width > self.columns:
            self.wraps += 1
            self.lines.append([])
            self.x = 0
        line = self.lines[-1]
        line.extend([" "] * (self.x + width - len(line)))
        if width:
            line[self.x] = char
        if width == 2:
            line[self.x + 1] = ""
        self.x += width

    def control(self, char):
        if char == "\r":
            self.x = 0
        elif char == "\n":
            self.lines.append([])
        elif char == "\t":
            self.x = (self.x // 8 + 1) * 8
        elif char == "\b":
            self.x = max(0, self.x - 1)

    def escape(self, text, i):
        """The sequence at text[i:]; returns where it ends."""
        end = i + 2
        while end < len(text) and not text[end].isalpha():
            end += 1
        if text[i + 1 : i + 2] != "[":
            return i + 1
        if text[end : end + 1] == "K":
            del self.lines[-1][self.x :]
        return end + 1

    def feed(self, text):
        i = 0
        while i < len(text):
            if text[i] == "\33":
                i = self.escape(text, i)
                continue
            if ord(text[i]) < 32 or text[i] == "\x7f":
                self.control(text[i])
            else:
                self.put(text[i])
            i += 1

    def shown(self):
        lines = ["".join(line).rstrip() for line in self.lines]
        while lines and not lines[-1]:
            lines.pop()
        return lines


def set_size(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


class Session:
    def __init__(self, columns, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            set_size(0, columns)
            os.execvp(command[0], command)
        self.columns = [(0, columns)]  # from which byte on
        self.raw, self.seen = b"", 0

    def read(self, seconds):
        """False at the end of the command."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # nobody has the other end any more
            return False
        self.raw += more
        return more != b""

    def wait(self, text):
        ends, wanted = time.time() + LIMIT, text.encode()
        while True:
            at = self.raw.find(wanted, self.seen)
            if at >= 0:
                self.seen = at + len(wanted)
                return
            if time.time() > ends or not self.read(0.1):
                sys.exit("never came: %r in %r" % (text, self.raw))

    def send(self, text):
        os.write(self.fd, text.encode())

    def sleep(self, seconds):
        ends = time.time() + seconds
        while time.time() < ends and self.read(max(0, ends - time.time())):
            pass

    def resize(self, columns):
        # what was written by then was written for the size before
        while select.select([self.fd], [], [], 0)[0] and self.read(0):
            pass
        set_size(self.fd, columns)
        self.seen = len(self.raw)
        self.columns.append((self.seen, columns))

    def end(self):
        ends = time.time() + LIMIT
        while self.read(0.1):
            if time.time() > ends:
                os.kill(self.pid, 9)
        status = os.waitpid(self.pid, 0)[1]
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else (
            128 + os.WTERMSIG(status))


def draw(session):
    screen = Screen(session.columns[0][1])
    for i, (start, columns) in enumerate(session.columns):
        stop = session.columns[i + 1][0] if i + 1 < len(session.columns) else None
        screen.columns = columns
        screen.feed(session.raw[start:stop].decode("utf-8", "replace"))
    return screen


def main():
    session = Session(int(sys.argv[1]), sys.argv[3:])
    for name, value in json.loads(sys.argv[2]):
        getattr(session, name)(value)
    status = session.end()
    screen = draw(session)
    print(json.dumps({"status": status, "screen": screen.shown(),
                      "wraps": screen.wraps,
                      "raw": session.raw.decode("utf-8", "replace")}))


main()
