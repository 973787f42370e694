/* src/io/line_serial.c
 *
 * A serial port by libserialport. The kernel raises DTR and RTS when a port is opened for the first time since it
 * was plugged in; no program can prevent that. After that they stay: HUPCL is off before anything can be closed
 * again, and sp_set_config() is given only what is to change, since its setters for one thing (sp_set_baudrate)
 * write the modem lines anew each time. */
#include <errno.h>
#include <libserialport.h>
#include <linux/serial.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/io/bench_scan.h"
#include "src/io/line_driver.h"

struct serial_channel {
	struct line_channel base;
	struct sp_port *port;
	bool is_open;
	struct line_peer *peer;
	char path[LINE_NAME_MAX];
	char lock_file[LINE_NAME_MAX + 64];
};

static void serial_channel_free(struct serial_channel *serial)
{
	if (serial == NULL)
		return;
	if (serial->is_open) {
		line_adapter_lost(serial->peer);
		line_termios_settle(serial->base.descriptor);
		sp_close(serial->port);		/* TIOCNXCL and close */
	}
	if (serial->port != NULL)
		sp_free_port(serial->port);
	line_uucp_unlock(serial->lock_file);
	free(serial);
}
DEFINE_AUTO(serial_channel);

static enum status serial_error(const struct serial_channel *serial, const char *operation, enum sp_return failed,
				struct error *reterr)
{
	int error_number = errno;

	if (failed == SP_ERR_MEM)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for %.200s", serial->path);
	if (failed == SP_ERR_SUPP || failed == SP_ERR_ARG)
		return error_set(reterr, STATUS_UNSUPPORTED, "%.200s cannot %s", serial->path, operation);
	return line_node_io_error(serial->path, operation, error_number, reterr);
}

static enum sp_parity parity_of(const struct line_settings *settings)
{
	if (settings->parity == 'E')
		return SP_PARITY_EVEN;
	return settings->parity == 'O' ? SP_PARITY_ODD : SP_PARITY_NONE;
}

/* Only what differs from port to port; flow control by RTS/CTS, the exact raw mode and free rates are
 * line_termios_apply's. */
static enum status configure(struct serial_channel *serial, const struct line_settings *settings, struct error *reterr)
{
	struct sp_port_config *config;
	enum sp_return failed = sp_new_config(&config);

	if (failed != SP_OK)
		return serial_error(serial, "be set", failed, reterr);
	sp_set_config_baudrate(config, (int)settings->baud);
	sp_set_config_bits(config, (int)settings->data_bits);
	sp_set_config_parity(config, parity_of(settings));
	sp_set_config_stopbits(config, (int)settings->stop_bits);
	/* sp_new_config() of libserialport 0.1.1 leaves this one field as the heap had it: now and then no port could be opened. */
	sp_set_config_xon_xoff(config, SP_XONXOFF_DISABLED);
	failed = sp_set_config(serial->port, config);
	sp_free_config(config);
	if (failed != SP_OK)
		return serial_error(serial, "take these settings", failed, reterr);
	return line_termios_apply(serial->base.descriptor, serial->path, settings, reterr);
}

static enum status refuse_when_held(const struct serial_channel *serial, struct error *reterr)
{
	char holder[128];

	/* Somebody who did not lock it reads it all the same (cat, a getty): two readers steal each other's bytes.
	 * The other end of a pty often keeps this end open too. */
	if (!line_node_is_pts(serial->path) && bench_find_file_holder(serial->path, holder, sizeof(holder)))
		return line_node_busy(serial->path, holder, reterr);
	return STATUS_OK;
}

static enum status refuse_when_exclusive(const struct serial_channel *serial, int descriptor, struct error *reterr)
{
	int is_exclusive = 0;

	/* root gets past TIOCEXCL. On a pty it may be left over from a killed program while the other end holds it
	 * open. */
	if (line_node_is_pts(serial->path) || ioctl(descriptor, TIOCGEXCL, &is_exclusive) != 0 || !is_exclusive)
		return STATUS_OK;
	return line_node_io_error(serial->path, "open", EBUSY, reterr);
}

/* libserialport opens by itself, and before it locks it changes the settings: so the port is locked and looked at
 * first with a descriptor of ours, which stays open until libserialport's is there, or its close would be the last
 * one and drop DTR. */
static enum status open_port(struct serial_channel *serial, const struct line_request *request, struct error *reterr)
{
	AUTO_CLOSE int probe = -1;
	enum sp_return failed;
	enum status status = line_node_open(serial->path, request->is_comeback ? request->settings : NULL, &probe, reterr);

	/* If somebody else has it open the modem lines are up already, and our opening and closing moves nothing. */
	if (status == STATUS_OK)
		status = refuse_when_held(serial, reterr);
	if (status == STATUS_OK)
		status = refuse_when_exclusive(serial, probe, reterr);
	if (status != STATUS_OK)
		return status;
	line_termios_keep_lines_on_close(probe);
	failed = sp_get_port_by_name(serial->path, &serial->port);
	if (failed != SP_OK) {
		error_set(reterr, STATUS_UNSUPPORTED, "libserialport does not take %.200s for a serial port",
			  serial->path);
		if (line_node_is_pts(serial->path))
			error_hint(reterr, "It is a pty: leave out 'serial:'");
		return STATUS_UNSUPPORTED;
	}
	flock(probe, LOCK_UN);		/* newer libserialports take this lock in sp_open */
	failed = sp_open(serial->port, SP_MODE_READ_WRITE);
	if (failed != SP_OK)
		return serial_error(serial, "be opened", failed, reterr);
	serial->is_open = true;
	if (sp_get_port_handle(serial->port, &serial->base.descriptor) != SP_OK)
		return error_set(reterr, STATUS_IO, "%.200s has no descriptor", serial->path);
	status = line_node_lock(serial->path, serial->base.descriptor, reterr);
	if (status == STATUS_OK)
		ioctl(serial->base.descriptor, TIOCEXCL);
	return status;
}

static enum status serial_open(const struct line_request *request, struct line_channel **ret_channel,
			       struct error *reterr)
{
	AUTO(serial_channel) serial = calloc(1, sizeof(*serial));
	enum status status;

	if (serial == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for %.200s", request->address);
	serial->base.driver = &line_driver_serial;
	serial->base.descriptor = -1;
	serial->peer = request->peer;
	status = line_node_resolve(request->address, serial->path, reterr);
	if (status == STATUS_OK)
		status = line_adapter_recognise(request, serial->path, reterr);
	if (status == STATUS_OK)
		status = line_uucp_lock(LINE_UUCP_FOLDER, serial->path, serial->lock_file, sizeof(serial->lock_file),
					reterr);
	if (status == STATUS_OK)
		status = open_port(serial, request, reterr);
	if (status == STATUS_OK)
		status = configure(serial, request->settings, reterr);
	if (status != STATUS_OK)
		return status;
	*ret_channel = &TAKE(serial)->base;
	return STATUS_OK;
}

static void serial_close(struct line_channel *channel)
{
	serial_channel_free((struct serial_channel *)channel);
}

static enum status serial_apply(struct line_channel *channel, const struct line_settings *settings,
				struct error *reterr)
{
	return configure((struct serial_channel *)channel, settings, reterr);
}

static enum status serial_set_break(struct line_channel *channel, bool on, struct error *reterr)
{
	struct serial_channel *serial = (struct serial_channel *)channel;
	enum sp_return failed = on ? sp_start_break(serial->port) : sp_end_break(serial->port);

	return failed == SP_OK ? STATUS_OK : serial_error(serial, "send a break on", failed, reterr);
}

/* Not sp_set_dtr and sp_set_rts: each of them writes both lines and all settings. */
static enum status set_modem_line(struct line_channel *channel, int which, bool on, struct error *reterr)
{
	struct serial_channel *serial = (struct serial_channel *)channel;

	if (ioctl(channel->descriptor, on ? TIOCMBIS : TIOCMBIC, &which) == 0)
		return STATUS_OK;
	if (errno == ENOTTY || errno == EINVAL)
		return error_set(reterr, STATUS_UNSUPPORTED, "%.200s has no modem lines", serial->path);
	return line_node_io_error(serial->path, "set a modem line of", errno, reterr);
}

static enum status serial_set_dtr(struct line_channel *channel, bool on, struct error *reterr)
{
	return set_modem_line(channel, TIOCM_DTR, on, reterr);
}

static enum status serial_set_rts(struct line_channel *channel, bool on, struct error *reterr)
{
	return set_modem_line(channel, TIOCM_RTS, on, reterr);
}

/* TIOCGICOUNT: ioctl_tty(2) has no words on it; linux/serial.h has the struct. Not all USB drivers count. */
static bool serial_count_errors(const struct line_channel *channel, struct line_errors *ret_errors)
{
	struct serial_icounter_struct counters;

	if (ioctl(channel->descriptor, TIOCGICOUNT, &counters) != 0)
		return false;
	*ret_errors = (struct line_errors){ .framing = (unsigned)counters.frame, .parity = (unsigned)counters.parity, .breaks = (unsigned)counters.brk,
					    .overruns = (unsigned)counters.overrun + (unsigned)counters.buf_overrun };
	return true;
}

const struct line_driver line_driver_serial = {
	.name = "serial",
	.open = serial_open,
	.close = serial_close,
	.apply = serial_apply,
	.set_break = serial_set_break,
	.set_dtr = serial_set_dtr,
	.set_rts = serial_set_rts,
	.count_errors = serial_count_errors,
};
