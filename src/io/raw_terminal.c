#include "src/io/raw_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct raw_terminal {
	int in, out;
	int in_flags, out_flags;
	bool is_terminal;
	struct termios before;
};

static enum status refuse_file(int descriptor, const char *what, struct error *reterr)
{
	struct stat about;

	if (fstat(descriptor, &about) != 0)
		return error_set(reterr, STATUS_IO, "%s is not open", what);
	if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode))
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "%s is a file, not a line", what);
	return error_hint(reterr, "Connect it with a terminal, a pipe or a socket whose other end speaks the protocol");
}

/* cfmakeraw() leaves two things to the terminal's settings of before: stop bits and whether modem lines matter. */
static bool make_raw(struct raw_terminal *terminal)
{
	struct termios raw;

	if (tcgetattr(terminal->in, &terminal->before) != 0)
		return false;
	raw = terminal->before;
	cfmakeraw(&raw);
	raw.c_iflag &= ~(tcflag_t)(IXOFF | IXANY);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	/* TCSANOW: the peer may have sent its first bytes already. */
	return tcsetattr(terminal->in, TCSANOW, &raw) == 0;
}

enum status raw_terminal_enter(int in, int out, struct raw_terminal **ret_terminal, struct error *reterr)
{
	struct raw_terminal *terminal;
	enum status status = refuse_file(in, "standard input", reterr);

	if (status == STATUS_OK)
		status = refuse_file(out, "standard output", reterr);
	if (status != STATUS_OK)
		return status;
	terminal = calloc(1, sizeof(*terminal));
	if (terminal == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the terminal's settings");
	terminal->in = in;
	terminal->out = out;
	terminal->is_terminal = isatty(in);
	if (terminal->is_terminal && !make_raw(terminal)) {
		status = error_set(reterr, STATUS_IO, "cannot make the terminal raw: %s", strerror(errno));
		free(terminal);
		return status;
	}
	/* A terminal's two descriptors are often one: its flags are read before either is changed. */
	terminal->in_flags = fcntl(in, F_GETFL);
	terminal->out_flags = fcntl(out, F_GETFL);
	fcntl(in, F_SETFL, terminal->in_flags | O_NONBLOCK);
	fcntl(out, F_SETFL, terminal->out_flags | O_NONBLOCK);
	*ret_terminal = terminal;
	return STATUS_OK;
}

void raw_terminal_leave(struct raw_terminal *terminal, bool drops_input)
{
	if (terminal == NULL)
		return;
	fcntl(terminal->in, F_SETFL, terminal->in_flags);
	fcntl(terminal->out, F_SETFL, terminal->out_flags);
	/* TCSADRAIN lets the last bytes leave; TCSAFLUSH would drop the text behind them as well. */
	if (terminal->is_terminal)
		tcsetattr(terminal->in, drops_input ? TCSAFLUSH : TCSADRAIN, &terminal->before);
	free(terminal);
}
