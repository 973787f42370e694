/* recovery/serial/uart_model.h
 *
 * What a UART reads from text that is sent at another rate: the sent characters as a waveform (start bit, eight data
 * bits from the lowest on, stop bit, EIA/TIA-232-F idle high), sampled in the middle of each bit that the receiver
 * believes in. No descriptor, clock, allocation; the same seed gives the same bytes. Behind a stop bit that is low
 * receivers differ: a 16550 takes it for the next start bit (PC16550D data sheet, 8.6.3 "Framing Error"), others wait
 * until the line is high again. All of them give a break (low throughout) as one NUL and then wait. */
#ifndef UNBRICK_RECOVERY_UART_MODEL_H
#define UNBRICK_RECOVERY_UART_MODEL_H

#include <stdbool.h>

#include "src/base/bytes.h"

struct uart_model {
	double ratio; /* sender's rate divided by the receiver's */
	double gap_bits; /* between two characters up to so many of the sender's bits; 0: back to back */
	bool waits_for_high; /* behind a framing error */
	uint32_t seed;
};

struct uart_reading {
	size_t size;
	double sent_bits; /* how long it took, in the sender's bits */
};

/* Sends text again and again until room bytes were read, or it was sent turns times. Bytes with a framing error have
 * UART_FRAMING added. */
enum { UART_FRAMING = 0x100 };
struct uart_reading uart_model_read(const struct uart_model *model, struct bytes text, unsigned turns, uint16_t *to,
				    size_t room);

#endif
