/* tests/fakes/rate_device.h
 *
 * A loader's console behind a line that has a rate: what is sent at another rate than the device's arrives as garbage, in both directions. It
 * changes its rate as U-Boot does (drivers/serial/serial.c, on_baudrate), keeps what it was made to run, and has the faults of real lines. */
#ifndef UNBRICK_TESTS_RATE_DEVICE_H
#define UNBRICK_TESTS_RATE_DEVICE_H

#include "recovery/loader/baud_raise.h"

enum { RATE_LINE = 255, RATE_OUT = 65536, RATE_TYPED = 65536 };

struct rate_device {
	const char *prompt;
	unsigned baud;			/* the device's */
	unsigned host_baud;
	const unsigned *table;		/* rates that it knows, ended by 0; NULL: those up to 115200 and four above */
	/* Faults. */
	unsigned worst_from;		/* from this rate on one byte in worst_every is damaged, both ways */
	unsigned worst_every;
	bool goes_deaf;			/* after a change it hears nothing more */
	bool keeps_only;		/* setenv keeps the value and changes nothing */
	bool swallows_question;		/* "press ENTER" gets lost */
	unsigned lose_enter;		/* the first n carriage returns behind a change are lost */
	/* State. */
	enum { RATE_AT_PROMPT, RATE_AWAITS_ENTER, RATE_RECEIVES, RATE_AT_LOGIN, RATE_OFF } at;
	unsigned cancels;		/* of the receiver */
	unsigned changes, bytes, ctrl_c_at_login, enters_at_login;
	unsigned stored;		/* the environment's baudrate */
	unsigned saved;			/* saveenv was run so often */
	char line[RATE_LINE + 1];
	size_t line_size;
	char typed[RATE_TYPED];		/* lines that it ran, with '\n' behind them */
	uint8_t out[RATE_OUT];
	size_t out_size;
	unsigned random;
};

void rate_device_init(struct rate_device *device, unsigned baud);
/* Bytes of the host, at its rate. */
void rate_device_input(struct rate_device *device, struct bytes in);
void rate_device_say(struct rate_device *device, const char *text);
/* Power off and on: at the usual rate again, and booting. */
void rate_device_restart(struct rate_device *device, unsigned usual);

struct rate_bench {
	struct rate_device device;
	struct baud_raise raise;
	uint64_t now_ms;
	unsigned announced[32], announced_count;
	unsigned rounds;
	unsigned stop_after;		/* bytes that the device takes before the host is killed; 0: never */
	bool was_killed;
};

/* Runs the machine until its final event, or until the host is killed. */
struct baud_raise_event rate_bench_run(struct rate_bench *bench);

#endif
