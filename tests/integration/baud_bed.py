#!/usr/bin/env python3
"""The serial test bed's uartdev, with U-Boot consoles that change their baud rate as drivers/serial/serial.c (on_baudrate) does.

   UARTBED=folder of the test bed   tests/integration/baud_bed.py start NAME KIND ...      (as uartdev)

A boot ROM with after=hisiu goes on as that console when its payload was loaded: the loader then lies in RAM.

Options beside the bed's: bauds=115200,921600 (what the build knows), worse=RATE:BER (bit errors from that rate on), deaf=RATE (nothing is heard
any more behind a change to it)."""
import importlib.machinery
import importlib.util
import os
import sys

BED = os.environ["UARTBED"]
LOADER = importlib.machinery.SourceFileLoader("uartdev", os.path.join(BED, "uartdev"))
uartdev = importlib.util.module_from_spec(importlib.util.spec_from_loader("uartdev", LOADER))
sys.dont_write_bytecode = True
LOADER.exec_module(uartdev)
UCommands = uartdev.consoles.UCommands
plain_setenv = UCommands.do_setenv
plain_saveenv = UCommands.do_saveenv
plain_extra = UCommands.extra


def change(self, baud):
    worse = self.o.get("worse", "0:0").split(":")
    self.say("## Switch baudrate to %d bps and press ENTER ...\n" % baud)
    self.line.drain()
    self.sleep(0.05)
    self.line.set_baud(baud)
    bad = float(worse[1]) if int(worse[0]) and baud >= int(worse[0]) else 0.0
    self.line.ber_in = self.line.ber_out = bad
    self.c["baud_changes"] += 1
    self.sleep(0.05)
    if baud == int(self.o.get("deaf", 0)):
        self.sleep(1e9)
    while self.get(1) != b"\r":
        pass


def do_setenv(self, w):
    if len(w) == 3 and w[1] == "baudrate":
        baud = int(w[2])
        if baud == self.line.baud:
            return
        if str(baud) not in self.o.get("bauds", "9600,57600,115200,230400,460800,921600").split(","):
            self.say("## Baudrate %d bps not supported\n" % baud)
            return
        change(self, baud)
    plain_setenv(self, w)


def do_saveenv(self, w):
    self.c["saved"] += 1
    plain_saveenv(self, w)


def do_echo(self, w):
    self.say(" ".join(w[1:]) + "\n")


def extra(self):
    return dict(plain_extra(self), saved=self.c["saved"], received=self.c["received"], stuck=self.env.get("baudrate", ""))


Rom = uartdev.roms.Rom
plain_running = Rom.running
plain_rom_extra = Rom.extra


def running(self, text=None):
    kind = self.o.get("after")
    if not kind:
        return plain_running(self, text)
    self.inner = uartdev.KINDS[kind](dict(self.o), self.line, self.work)
    self.inner.epoch, self.inner.c = self.epoch, self.c
    while True:
        try:
            self.inner.main()
        except uartdev.core.Restart:
            self.c["restarts"] += 1


plain_shell = uartdev.roms.Hisi.shell


def hisi_shell(self):
    running(self) if self.o.get("after") else plain_shell(self)


def rom_extra(self):
    inner = getattr(self, "inner", None)
    return dict(inner.extra(), after=inner.stage, rebooted=inner.booted) if inner else plain_rom_extra(self)


Rom.running, Rom.extra, uartdev.roms.Hisi.shell = running, rom_extra, hisi_shell
UCommands.do_setenv, UCommands.do_saveenv, UCommands.do_echo, UCommands.extra = do_setenv, do_saveenv, do_echo, extra

if __name__ == "__main__":
    uartdev.main()
