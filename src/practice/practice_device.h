/* src/practice/practice_device.h
 *
 * The practice bench: a virtual bricked camera in a process of its own, for learning without risk and for tests. The
 * program sees it as it sees a real unit: through a serial line (a pty, also DIR/tty) and through UDP (the camera's
 * TFTP client).
 *
 *   unbrick practice-device --kind KIND --folder DIR [--ttl S] [--fast] [--baud N] [--seed N] [--off]
 *
 * It writes DIR/firmware.bin (the vendor's good image), keeps its SPI NOR in DIR/flash.bin, prints key=value lines
 * (pty, tty, kind, label, image, control, baud, then ready=true) and lives until --ttl seconds are over, standard input
 * ends, SIGTERM comes, or `quit` is asked of it. --fast cuts its delays by ten; --off begins without power.
 *
 * DIR/control is a unix stream socket, one line and one answer a connection: power on|off|cycle, button hold|release,
 * link on|off, noise on|off, state, quit. The answer is "ok", "error=...", or for state key=value lines; then it
 * closes. state gives kind, label, power, button, link, noise, phase, starts, what the flash bytes are worth
 * (bootloader, env, kernel, rootfs, wear, data, config, and flash for all of them), reached_login, by_itself, no_space,
 * healthy.
 * healthy=true: the flash is good, it has power, and the last start came to its login untouched and without "No space
 * left on device".
 * A button that is held at power-on makes the loader fetch pcam1-recovery.bin by TFTP and write it.
 * The login is root, the password practice. */
#ifndef UNBRICK_PRACTICE_PRACTICE_DEVICE_H
#define UNBRICK_PRACTICE_PRACTICE_DEVICE_H

#include <stddef.h>

/* argv[0] is the verb's own name. Exit status: 0 ended as asked, 1 something failed (said on stderr), 2 wrong usage. */
int practice_device_main(int argc, char **argv);

/* The kinds of broken camera, from 0 on; NULL behind the last. label: the cause's label as diagnosis spells it,
 * "HEALTHY" for none. */
const char *practice_kind_name(size_t index);
const char *practice_kind_label(size_t index);
const char *practice_kind_story(size_t index);	/* one plain sentence: what happened to the unit */

#endif
