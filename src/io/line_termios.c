/* src/io/line_termios.c
 *
 * Settings by the kernel's own struct termios2: it alone has free rates (BOTHER), and libserialport 0.1.1 puts
 * CRTSCTS into c_iflag (where it means nothing), turns IXANY on with XON/XOFF, and sets VMIN to 0, which makes a
 * hang-up look like silence. <asm/termbits.h> and <termios.h> exclude each other: that is why this is a file of its
 * own. */
#include <asm/termbits.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "src/base/cleanup.h"
#include "src/io/line_driver.h"

enum {
	SETTLE_TURNS = 20,		/* of 10 ms */
	SETTLE_TURN_NS = 10000000,
	RATE_ERROR_MAX_PERCENT = 3,	/* 8N1 is sampled wrong from about 5 % between both ends on */
};

/* A rate that has a name is set by it: old drivers and programs do not know BOTHER. */
static const struct {
	unsigned baud, flag;
} standard_rates[] = {
	{ 50, B50 }, { 75, B75 }, { 110, B110 }, { 134, B134 }, { 150, B150 }, { 200, B200 }, { 300, B300 },
	{ 600, B600 }, { 1200, B1200 }, { 1800, B1800 }, { 2400, B2400 }, { 4800, B4800 }, { 9600, B9600 },
	{ 19200, B19200 }, { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 }, { 230400, B230400 },
	{ 460800, B460800 }, { 500000, B500000 }, { 576000, B576000 }, { 921600, B921600 }, { 1000000, B1000000 },
	{ 1152000, B1152000 }, { 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 },
	{ 3000000, B3000000 }, { 3500000, B3500000 }, { 4000000, B4000000 },
};

static unsigned rate_flag(unsigned baud)
{
	for (size_t i = 0; i < ARRAY_SIZE(standard_rates); i++)
		if (standard_rates[i].baud == baud)
			return standard_rates[i].flag;
	return BOTHER;
}

static unsigned control_flags(const struct line_settings *settings)
{
	static const unsigned sizes[] = { CS5, CS6, CS7, CS8 };
	unsigned rate = rate_flag(settings->baud);
	unsigned flags = CREAD | CLOCAL | rate | rate << IBSHIFT | sizes[settings->data_bits - 5];

	if (settings->parity != 'N')
		flags |= PARENB;
	if (settings->parity == 'O')
		flags |= PARODD;
	if (settings->stop_bits == 2)
		flags |= CSTOPB;
	if (settings->flow == LINE_FLOW_RTSCTS)
		flags |= CRTSCTS;
	return flags;
}

static bool is_near(unsigned is, unsigned wanted)
{
	unsigned difference = is > wanted ? is - wanted : wanted - is;

	return (unsigned long long)difference * 100 <= (unsigned long long)wanted * RATE_ERROR_MAX_PERCENT;
}

enum status line_termios_apply(int descriptor, const char *path, const struct line_settings *settings,
			       struct error *reterr)
{
	struct termios2 now, is;

	if (ioctl(descriptor, TCGETS2, &now) != 0)
		return line_node_io_error(path, "read the settings of", errno, reterr);
	is = now;
	now.c_iflag = settings->flow == LINE_FLOW_XONXOFF ? IXON | IXOFF : 0;
	now.c_oflag = 0;
	now.c_lflag = 0;
	now.c_cflag = control_flags(settings);
	now.c_ispeed = now.c_ospeed = settings->baud;
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	now.c_cc[VSTART] = 0x11;
	now.c_cc[VSTOP] = 0x13;
	/* TCSETS2 changes at once and drops nothing; TCSETSF2 would throw away the first bytes. */
	if (ioctl(descriptor, TCSETS2, &now) != 0)
		return line_node_io_error(path, "set", errno, reterr);
	if (ioctl(descriptor, TCGETS2, &is) != 0)
		return line_node_io_error(path, "read the settings of", errno, reterr);
	if (!is_near(is.c_ospeed, settings->baud)) {
		error_set(reterr, STATUS_UNSUPPORTED, "%s takes %u baud instead of %u", path, is.c_ospeed,
			  settings->baud);
		return error_hint(reterr, "This adapter cannot do the rate: take another rate or another adapter");
	}
	return STATUS_OK;
}

void line_termios_keep_lines_on_close(int descriptor)
{
	struct termios2 now;

	if (ioctl(descriptor, TCGETS2, &now) != 0 || !(now.c_cflag & HUPCL))
		return;
	now.c_cflag &= ~(unsigned)HUPCL;
	ioctl(descriptor, TCSETS2, &now);
}

int line_termios_waiting(int descriptor)
{
	int waiting = 0;

	return ioctl(descriptor, TIOCOUTQ, &waiting) == 0 ? waiting : 0;
}

void line_termios_settle(int descriptor)
{
	const struct timespec turn = { .tv_nsec = SETTLE_TURN_NS };

	for (unsigned i = 0; i < SETTLE_TURNS; i++) {
		if (line_termios_waiting(descriptor) == 0)
			return;
		nanosleep(&turn, NULL);
	}
	ioctl(descriptor, TCFLSH, TCOFLUSH);
}
