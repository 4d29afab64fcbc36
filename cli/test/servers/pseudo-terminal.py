"""Runs a command on a terminal of its own: what is typed here is typed there, and what is shown there is written here.
Killed, it is a terminal that was closed. A line that begins with a NUL, "resize 8 20", changes its rows and columns. It
says so where the command has left it in another mode than it was in."""

import fcntl, os, pty, re, select, struct, sys, termios


def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
resize(40, 120)
before = termios.tcgetattr(terminal)
watched = [terminal, sys.stdin.fileno()]
while True:
    readable, _, _ = select.select(watched, [], [])
    if sys.stdin.fileno() in readable:
        typed = os.read(sys.stdin.fileno(), 4096)
        asked = re.match(rb"\x00resize (\d+) (\d+)\n", typed)
        if asked:
            resize(int(asked[1]), int(asked[2]))
        elif typed:
            os.write(terminal, typed)
        else:
            watched.remove(sys.stdin.fileno())
    if terminal in readable:
        try:
            shown = os.read(terminal, 65536)
        except OSError:  # How Linux says that nobody has the terminal open any more.
            shown = b""
        if not shown:
            break
        os.write(sys.stdout.fileno(), shown)
if termios.tcgetattr(terminal)[:4] != before[:4]:
    os.write(sys.stdout.fileno(), b"[the terminal was left in another mode]")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(128 - code if code < 0 else code)
