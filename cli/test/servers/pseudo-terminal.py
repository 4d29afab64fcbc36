"""Runs a command on a terminal of its own: what is typed here is typed there, and what is shown there is written here.
Killed, it is a terminal that was closed."""

import fcntl, os, pty, select, struct, sys, termios

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
watched = [terminal, sys.stdin.fileno()]
while True:
    readable, _, _ = select.select(watched, [], [])
    if sys.stdin.fileno() in readable:
        typed = os.read(sys.stdin.fileno(), 4096)
        if typed:
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
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(128 - code if code < 0 else code)
