# As count.sh, in Python: count.py DIRECTORY ENOUGH LOG
import os
import sys
import time

directory, enough, log = sys.argv[1], sys.argv[2], open(sys.argv[3], "a", buffering=1)
state = os.path.join(directory, "count")


def read(file):
    return int(open(file).read() or sys.maxsize) if os.path.exists(file) else None


count = read(state) or 0
log.write(f"start {os.environ['CAIRN_ATTEMPT']} {os.getpid()} {count}\n")
while count < (read(enough) or sys.maxsize):
    count += 1
    with open(state + ".tmp", "w") as new:
        new.write(f"{count}\n")
    os.replace(state + ".tmp", state)
    log.write(f"{count}\n")
    time.sleep(0.05)
log.write(f"end {count}\n")
