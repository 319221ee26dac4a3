"""An ext4 file system in a sparse file, whose power can be cut.

`EXT4_IOC_SHUTDOWN` without flushing its log stops the file system at once: what was not synced is lost, as when the
power fails, and every access fails with EIO until it is mounted again, which replays the journal.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

EXT4_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = 2


class Impossible(Exception):
    """This machine cannot do it, and why."""


def command(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout.strip()


class Image:
    def __init__(self, folder, size="1G", options="defaults"):
        self.file, self.mount_point, self.options = folder / "disk.img", folder / "disk", options
        self.size, self.loop, self.mounted = size, None, False
        self.mount_point.mkdir(parents=True, exist_ok=True)

    def make(self, options=None):
        """A new, empty file system in place of the old one."""
        self.options = options or self.options
        self.close()
        self.file.unlink(missing_ok=True)
        with open(self.file, "wb") as file:
            file.truncate({"G": 1 << 30, "M": 1 << 20}[self.size[-1]] * int(self.size[:-1]))
        command("mkfs.ext4", "-q", "-F", self.file)
        self.attach()

    def attach(self, check=False):
        self.loop = command("losetup", "--find", "--show", self.file)
        if check:
            # 0: nothing to do, 1: mended, which a replayed journal is.
            ended = subprocess.run(["e2fsck", "-p", self.loop], capture_output=True, text=True)
            if ended.returncode not in (0, 1):
                raise OSError(f"e2fsck: {ended.returncode} {ended.stdout} {ended.stderr}")
        command("mount", "-t", "ext4", "-o", self.options, self.loop, self.mount_point)
        self.mounted = True

    def cut(self):
        """The power fails."""
        folder = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(folder)

    def close(self):
        if self.mounted:
            # Something may have it open for a moment still.
            for patience in range(50):
                if subprocess.run(["umount", self.mount_point], capture_output=True).returncode == 0:
                    break
                time.sleep(0.2)
            else:
                command("umount", self.mount_point)
            self.mounted = False
        if self.loop:
            command("losetup", "-d", self.loop)
            self.loop = None

    def sync(self):
        """What the harness itself has made is not to be lost."""
        folder = os.open(self.mount_point, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        command("sync", "-f", self.mount_point)

    @staticmethod
    def check_possible(folder):
        """Raises `Impossible` with the reason where there is no root, no loop device, no ext4, or no such ioctl."""
        if os.geteuid() != 0:
            raise Impossible("mounting a file system needs root")
        for tool in ("mkfs.ext4", "losetup", "mount", "umount", "e2fsck"):
            if shutil.which(tool) is None:
                raise Impossible(f"there is no {tool}")
        probe = Image(Path(folder), "64M")
        try:
            probe.make()
            probe.cut()
        except (subprocess.CalledProcessError, OSError) as error:
            words = getattr(error, "stderr", None) or error
            raise Impossible(f"no ext4 on a loop device that can be shut down: {words}") from None
        finally:
            probe.close()
            probe.file.unlink(missing_ok=True)
