#include "src/cli/replay_port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/cli/output.h"
#include "src/io/loop.h"
#include "src/io/replay.h"

enum { LOOK_MS = 50, LEAVE_MS = 500, PART_SIZE = 4096 };

/* The slave is opened and closed once: only then the master knows whether anybody has it open. It is raw, so nothing is
 * echoed back. */
static enum status make_port(int *ret_master, struct error *reterr)
{
	AUTO_CLOSE int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct termios settings;
	const char *name = NULL;
	int slave = -1;

	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		name = ptsname(master);
	if (name != NULL)
		slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || tcgetattr(slave, &settings) != 0)
		return error_set(reterr, STATUS_IO, "cannot make a port for the recording: %s", strerror(errno));
	cfmakeraw(&settings);
	tcsetattr(slave, TCSANOW, &settings);
	output_text("%s\n", name);
	fflush(stdout);
	close(slave);
	*ret_master = TAKE_FD(master);
	return STATUS_OK;
}

/* What is typed there goes nowhere. *ret_gone: nobody has the port open. False: interrupted. */
static bool look(int master, int wait_ms, bool wants_room, bool *ret_gone)
{
	struct pollfd port = { .fd = master, .events = (short)(POLLIN | (wants_room ? POLLOUT : 0)) };
	char typed[256];

	if (poll(&port, 1, wait_ms) < 0)
		return errno == EINTR;
	*ret_gone = (port.revents & POLLHUP) != 0;
	while ((port.revents & POLLIN) && read(master, typed, sizeof(typed)) > 0)
		;
	if (*ret_gone)
		poll(NULL, 0, LOOK_MS);
	return true;
}

enum status replay_to_port(struct replay *replay, struct error *reterr)
{
	AUTO_CLOSE int master = -1;
	uint8_t part[PART_SIZE];
	size_t size = 0, sent = 0;
	bool is_gone = true, was_there = false;
	enum status status = make_port(&master, reterr);

	if (status != STATUS_OK)
		return status;
	while (!was_there || !is_gone) {
		uint64_t now_ms = loop_now_ms(), due_ms;
		ssize_t count;

		if (is_gone) {
			if (!look(master, 0, false, &is_gone))
				break;
			was_there |= !is_gone;
			continue;
		}
		if (sent == size) {
			size = replay_read(replay, part, sizeof(part), now_ms);
			sent = 0;
		}
		due_ms = replay_deadline(replay, now_ms);
		if (size == 0 && due_ms == UINT64_MAX) {
			poll(NULL, 0, LEAVE_MS); /* what the reader has not read yet goes with the port */
			break;
		}
		count = sent < size ? write(master, part + sent, size - sent) : 0;
		sent += count > 0 ? (size_t)count : 0;
		if (!look(master,
			  sent < size                 ? LOOK_MS
			  : due_ms <= now_ms          ? 0
			  : due_ms - now_ms < LOOK_MS ? (int)(due_ms - now_ms)
						      : LOOK_MS,
			  sent < size, &is_gone))
			break;
	}
	return STATUS_OK;
}
