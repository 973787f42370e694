/* The line is paced as a UART is, both ways, so that a driver that types faster than the loader polls loses bytes here
 * as well. A pty keeps what nobody reads; a wire does not: what has waited for STALE_US is thrown away. */
#include "src/practice/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "recovery/serial/uart_model.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/practice/practice_device.h"

enum {
	STALE_US = 2000000,
	SETTLE_US = 2000,
	UNREAD_MAX = 2048,	/* below the 4095 of the line discipline, so that a flush takes all of it */
	WIRE_PIECE = 32,
	MISREAD_MOST = 16,	/* bytes that a faster UART sees in one character */
	CYCLE_OFF_US = 1000000,
};

uint64_t bench_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const struct { unsigned baud; speed_t code; } speeds[] = {
	{ 1200, B1200 }, { 2400, B2400 }, { 4800, B4800 }, { 9600, B9600 }, { 19200, B19200 }, { 38400, B38400 }, { 57600, B57600 },
	{ 115200, B115200 }, { 230400, B230400 }, { 460800, B460800 }, { 921600, B921600 }, { 1000000, B1000000 }, { 1500000, B1500000 },
	{ 2000000, B2000000 }, { 3000000, B3000000 }, { 4000000, B4000000 },
};

/* B0 for a speed that termios has no code for; such a line is never taken for a wrong one. */
static speed_t speed_of(unsigned baud)
{
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i].baud == baud)
			return speeds[i].code;
	return B0;
}

/* 0: a speed of its own, or none. */
static unsigned baud_of(speed_t speed)
{
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i].code == speed)
			return speeds[i].baud;
	return 0;
}

static enum status open_line(struct bench *bench, struct error *reterr)
{
	struct termios settings;

	bench->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (bench->master < 0 || grantpt(bench->master) != 0 || unlockpt(bench->master) != 0 ||
	    ptsname_r(bench->master, bench->pty, sizeof(bench->pty)) != 0)
		return error_set(reterr, STATUS_IO, "cannot make a pty for the serial line: %s", strerror(errno));
	bench->slave = open(bench->pty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (bench->slave < 0)
		return error_set(reterr, STATUS_IO, "cannot open '%s': %s", bench->pty, strerror(errno));
	fcntl(bench->master, F_SETFL, O_NONBLOCK);
	if (tcgetattr(bench->slave, &settings) == 0) {
		cfmakeraw(&settings);
		if (speed_of(bench->camera->baud) != B0)
			cfsetspeed(&settings, speed_of(bench->camera->baud));
		tcsetattr(bench->slave, TCSANOW, &settings);
	}
	unlink(bench->tty_path);
	if (symlink(bench->pty, bench->tty_path) != 0)
		return error_set(reterr, STATUS_IO, "cannot make the link '%s': %s", bench->tty_path, strerror(errno));
	return STATUS_OK;
}

static enum status open_control(struct bench *bench, struct error *reterr)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(bench->control_path) >= sizeof(at.sun_path)) {
		error_set(reterr, STATUS_INVALID, "the control socket's name '%s' is too long", bench->control_path);
		return error_hint(reterr, "choose a folder with a name shorter than %zu characters",
				  sizeof(at.sun_path) - 9);
	}
	memcpy(at.sun_path, bench->control_path, strlen(bench->control_path) + 1);
	unlink(bench->control_path);
	bench->control = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bench->control < 0 || bind(bench->control, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(bench->control, 4) != 0)
		return error_set(reterr, STATUS_IO, "cannot listen at '%s': %s", bench->control_path, strerror(errno));
	return STATUS_OK;
}

enum status bench_init(struct bench *bench, struct camera *camera, const char *folder, unsigned ttl_s,
		       struct error *reterr)
{
	sigset_t set;
	enum status status;

	*bench = (struct bench){
		.camera = camera, .master = -1, .slave = -1, .control = -1, .signals = -1, .stale_check_us = UINT64_MAX,
	};
	for (size_t i = 0; i < BENCH_CLIENTS; i++)
		bench->client[i].fd = -1;
	bench->end_us = bench_now_us() + (uint64_t)ttl_s * 1000000;
	text_format(bench->tty_path, sizeof(bench->tty_path), "%s/tty", folder);
	text_format(bench->control_path, sizeof(bench->control_path), "%s/control", folder);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	bench->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (bench->signals < 0)
		return error_set(reterr, STATUS_IO, "cannot watch for signals: %s", strerror(errno));
	status = open_line(bench, reterr);
	if (status == STATUS_OK)
		status = open_control(bench, reterr);
	return status;
}

void bench_done(struct bench *bench)
{
	int *fds[] = { &bench->master, &bench->slave, &bench->signals };

	for (size_t i = 0; i < BENCH_CLIENTS; i++)
		if (bench->client[i].fd >= 0)
			close(bench->client[i].fd);
	if (bench->control >= 0) {
		close(bench->control);
		unlink(bench->control_path);
	}
	if (bench->slave >= 0)
		unlink(bench->tty_path);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
}

/* ---- switches ---- */

static void set_power(struct bench *bench, bool on)
{
	struct camera *cam = bench->camera;

	bench->power_on_us = 0;
	if (on == cam->power)
		return;
	cam->power = on;
	if (on)
		return;
	cam->tx_size = 0;
	if (cam->halt != CAMERA_QUIT)
		cam->halt = CAMERA_OFF;
}

static const char *yes(bool value)
{
	return value ? "true" : "false";
}

static void describe(const struct camera *cam, char *to, size_t size)
{
	struct verdict is;

	flash_judge(&cam->flash, &is);
	text_format(to, size, "kind=%s\nlabel=%s\npower=%s\nbutton=%s\nlink=%s\nnoise=%s\nphase=%s\nstarts=%u\n",
		    practice_kind_name(cam->kind), practice_kind_label(cam->kind), cam->power ? "on" : "off",
		    cam->button ? "held" : "released", cam->link ? "on" : "off", cam->noise ? "on" : "off",
		    camera_phase_name(cam), cam->starts);
	text_append(to, size, "bootloader=%s\nenv=%s\nkernel=%s\nrootfs=%s\nwear=%s\ndata=%s\nconfig=%s\nflash=%s\n",
		    is.loader ? "good" : "bad", is.env ? "good" : "bad", is.kernel ? "good" : "bad",
		    is.rootfs ? "good" : "bad", is.no_wear ? "none" : "bad", is.data_room ? "good" : "full",
		    is.config ? "kept" : "lost", is.all ? "good" : "bad");
	text_append(to, size, "reached_login=%s\nby_itself=%s\nno_space=%s\nhealthy=%s\n", yes(cam->reached_login),
		    yes(cam->reached_login && !cam->was_touched), yes(cam->said_no_space),
		    yes(is.all && cam->power && cam->reached_login && !cam->was_touched && !cam->said_no_space));
}

static bool obey(struct bench *bench, const char *command)
{
	struct camera *cam = bench->camera;

	if (text_equal(command, "power on") || text_equal(command, "power off")) {
		set_power(bench, text_equal(command, "power on"));
	} else if (text_equal(command, "power cycle")) {
		set_power(bench, false);
		bench->power_on_us = bench_now_us() + camera_scale_us(cam, CYCLE_OFF_US);
	} else if (text_equal(command, "button hold") || text_equal(command, "button release")) {
		cam->button = text_equal(command, "button hold");
	} else if (text_equal(command, "link on") || text_equal(command, "link off")) {
		cam->link = text_equal(command, "link on");
	} else if (text_equal(command, "noise on") || text_equal(command, "noise off")) {
		cam->noise = text_equal(command, "noise on");
	} else if (text_equal(command, "quit")) {
		cam->halt = CAMERA_QUIT;
	} else {
		return false;
	}
	return true;
}

static void close_client(struct bench_client *client)
{
	close(client->fd);
	*client = (struct bench_client){ .fd = -1 };
}

static void answer(struct bench *bench, struct bench_client *client)
{
	char text[1024] = "ok\n";
	ssize_t sent;

	client->command[strcspn(client->command, "\r\n")] = '\0';
	if (text_equal(client->command, "state"))
		describe(bench->camera, text, sizeof(text));
	else if (!obey(bench, client->command))
		text_copy(text, sizeof(text), "error=not a command of the practice camera\n");
	/* A fresh socket's buffer holds this many bytes; a client that does not even read them has lost interest. */
	sent = send(client->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)sent;
	close_client(client);
}

static void on_client(struct bench *bench, struct bench_client *client)
{
	ssize_t count = recv(client->fd, client->command + client->size, sizeof(client->command) - 1 - client->size,
			     MSG_DONTWAIT);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0)
		client->size += (size_t)count;
	client->command[client->size] = '\0';
	if (count < 0 || (count == 0 && client->size == 0))
		close_client(client);
	else if (count == 0 || client->size == sizeof(client->command) - 1 || strchr(client->command, '\n') != NULL)
		answer(bench, client);
}

static void on_control(struct bench *bench)
{
	int fd = accept4(bench->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	size_t i = 0;

	if (fd < 0)
		return;
	while (i < BENCH_CLIENTS && bench->client[i].fd >= 0)
		i++;
	if (i == BENCH_CLIENTS) {	/* the idle ones make room */
		close_client(&bench->client[0]);
		i = 0;
	}
	bench->client[i].fd = fd;
}

/* ---- the wire ---- */

static uint64_t wire_time_us(const struct camera *cam, size_t bytes)
{
	return camera_scale_us(cam, (uint64_t)bytes * 10000000 / cam->baud);
}

/* The speed at the other end where it is a wrong one, else 0. */
static unsigned wrong_baud(const struct bench *bench)
{
	speed_t speed = speed_of(bench->camera->baud);
	struct termios settings;

	if (speed == B0 || tcgetattr(bench->slave, &settings) != 0 || cfgetospeed(&settings) == speed)
		return 0;
	/* A rate without a code looks like no speed at all; any other reads as badly. */
	return baud_of(cfgetospeed(&settings)) ? baud_of(cfgetospeed(&settings)) : 74880;
}

static void spoil(struct camera *cam, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size && cam->noise; i++)
		if (random_next(&cam->random) % 300 == 0)
			bytes[i] ^= (uint8_t)(random_next(&cam->random) % 255 + 1);
}

/* What a UART makes of characters of another rate, so that the rate can be found as on a real line. Returns how many bytes that are. */
static size_t misread(struct camera *cam, double ratio, struct bytes sent, uint8_t *to, size_t room)
{
	struct uart_model model = { .ratio = ratio, .seed = (uint32_t)random_next(&cam->random) };
	uint16_t read[WIRE_PIECE * MISREAD_MOST];
	struct uart_reading reading = uart_model_read(&model, sent, 1, read, room < ARRAY_SIZE(read) ? room : ARRAY_SIZE(read));

	for (size_t i = 0; i < reading.size; i++)
		to[i] = (uint8_t)read[i];
	return reading.size;
}

/* Notices whether anybody reads, throws away what nobody has read, and returns how much still waits. What was just
 * written is on its way through the kernel for a moment and must not be taken for read. */
static int follow_reader(struct bench *bench, uint64_t now_us)
{
	bool is_settled = now_us - bench->written_us >= SETTLE_US;
	int unread = 0;

	if (ioctl(bench->slave, FIONREAD, &unread) != 0)
		return 0;
	if (is_settled && unread < bench->unread) {
		bench->unread_since_us = now_us;
		bench->nobody_reads = false;
	} else if (bench->unread == 0) {
		bench->unread_since_us = now_us;
	}
	if (unread > 0 && (bench->nobody_reads || now_us - bench->unread_since_us >= STALE_US)) {
		tcflush(bench->slave, TCIFLUSH);
		bench->nobody_reads = true;
		bench->unread = unread = 0;
	} else if (is_settled) {
		bench->unread = unread;
	}
	bench->stale_check_us = bench->unread > 0 ? now_us + STALE_US / 8 : UINT64_MAX;
	return unread;
}

static void transmit(struct bench *bench, uint64_t now_us)
{
	struct camera *cam = bench->camera;
	size_t count = cam->tx_size < WIRE_PIECE ? cam->tx_size : WIRE_PIECE;
	uint8_t piece[WIRE_PIECE * MISREAD_MOST];
	unsigned other = wrong_baud(bench);
	size_t size = count;
	ssize_t sent = -1;

	if (follow_reader(bench, now_us) < UNREAD_MAX) {
		memcpy(piece, cam->tx, count);
		spoil(cam, piece, count);
		if (other)
			size = misread(cam, (double)cam->baud / other, (struct bytes){ cam->tx, count }, piece, sizeof(piece));
		sent = size > 0 ? write(bench->master, piece, size) : (ssize_t)count;
		if (other && sent > 0)
			sent = (ssize_t)count;	/* characters of the camera; what does not fit at the other end is lost */
	}
	if (sent <= 0) {
		bench->tx_free_us = now_us + 10000;
		return;
	}
	bench->unread += (int)sent;
	bench->written_us = now_us;
	if (bench->stale_check_us == UINT64_MAX)
		bench->stale_check_us = now_us + STALE_US / 8;
	memmove(cam->tx, cam->tx + sent, cam->tx_size - (size_t)sent);
	cam->tx_size -= (size_t)sent;
	/* Without drift while it goes on, so that a log takes the time that its length says. */
	if (now_us - bench->tx_free_us > 20000)
		bench->tx_free_us = now_us;
	bench->tx_free_us += wire_time_us(cam, (size_t)sent);
}

static void receive(struct bench *bench, uint64_t now_us)
{
	struct camera *cam = bench->camera;
	uint8_t piece[WIRE_PIECE * MISREAD_MOST];
	ssize_t count = read(bench->master, piece, WIRE_PIECE);
	size_t room = cam->rx_limit > cam->rx_size ? cam->rx_limit - cam->rx_size : 0;

	bench->rx_free_us = now_us + (count > 0 ? wire_time_us(cam, (size_t)count) : 10000);
	if (count <= 0 || !cam->power)
		return;
	spoil(cam, piece, (size_t)count);
	if (wrong_baud(bench)) {
		uint8_t sent[WIRE_PIECE];

		memcpy(sent, piece, (size_t)count);
		count = (ssize_t)misread(cam, (double)wrong_baud(bench) / cam->baud, bytes_of(sent, (size_t)count), piece, sizeof(piece));
	}
	if ((size_t)count < room)
		room = (size_t)count;
	memcpy(cam->rx + cam->rx_size, piece, room);	/* the rest is an overrun */
	cam->rx_size += room;
}

/* ---- one turn ---- */

enum { WATCH_STDIN, WATCH_SIGNALS, WATCH_CONTROL, WATCH_LINE, WATCH_EXTRA, WATCH_CLIENTS,
       WATCHES = WATCH_CLIENTS + BENCH_CLIENTS };

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_deadline(const struct bench *bench, uint64_t until_us, uint64_t now_us)
{
	uint64_t next = least(until_us, bench->end_us);

	if (bench->power_on_us != 0)
		next = least(next, bench->power_on_us);
	if (bench->camera->tx_size > 0)
		next = least(next, bench->tx_free_us);
	if (now_us < bench->rx_free_us)
		next = least(next, bench->rx_free_us);
	return least(next, bench->stale_check_us);
}

static void take_signal(struct bench *bench)
{
	struct signalfd_siginfo info;

	if (read(bench->signals, &info, sizeof(info)) > 0)
		bench->camera->halt = CAMERA_QUIT;
}

static void take_stdin(struct bench *bench)
{
	char ignored[256];
	ssize_t count = read(STDIN_FILENO, ignored, sizeof(ignored));

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
		bench->camera->halt = CAMERA_QUIT;
}

static void on_time(struct bench *bench, uint64_t now_us)
{
	if (now_us >= bench->end_us)
		bench->camera->halt = CAMERA_QUIT;
	if (bench->power_on_us != 0 && now_us >= bench->power_on_us)
		set_power(bench, true);
	if (now_us >= bench->stale_check_us)
		follow_reader(bench, now_us);
	if (bench->camera->tx_size > 0 && now_us >= bench->tx_free_us)
		transmit(bench, now_us);
}

void bench_pump(struct bench *bench, uint64_t until_us, int fd)
{
	uint64_t now_us = bench_now_us();
	uint64_t next_us = next_deadline(bench, until_us, now_us);
	uint64_t wait_us = next_us > now_us ? least(next_us - now_us, 60000000) : 0;
	struct timespec wait = { .tv_sec = (time_t)(wait_us / 1000000), .tv_nsec = (long)(wait_us % 1000000) * 1000 };
	struct pollfd watch[WATCHES] = {
		[WATCH_STDIN] = { .fd = STDIN_FILENO, .events = POLLIN },
		[WATCH_SIGNALS] = { .fd = bench->signals, .events = POLLIN },
		[WATCH_CONTROL] = { .fd = bench->control, .events = POLLIN },
		[WATCH_LINE] = { .fd = now_us >= bench->rx_free_us ? bench->master : -1, .events = POLLIN },
		[WATCH_EXTRA] = { .fd = fd, .events = POLLIN },
	};

	for (size_t i = 0; i < BENCH_CLIENTS; i++)
		watch[WATCH_CLIENTS + i] = (struct pollfd){ .fd = bench->client[i].fd, .events = POLLIN };
	if (ppoll(watch, WATCHES, &wait, NULL) < 0)
		return;
	now_us = bench_now_us();
	if (watch[WATCH_STDIN].revents != 0)
		take_stdin(bench);
	if (watch[WATCH_SIGNALS].revents != 0)
		take_signal(bench);
	if (watch[WATCH_LINE].revents != 0)
		receive(bench, now_us);
	for (size_t i = 0; i < BENCH_CLIENTS; i++)
		if (watch[WATCH_CLIENTS + i].revents != 0)
			on_client(bench, &bench->client[i]);
	if (watch[WATCH_CONTROL].revents != 0)
		on_control(bench);
	on_time(bench, now_us);
}
