/* src/core/rate_note.h
 *
 * What the casebook keeps of a device that was told another baud rate: written before it is told, taken back when it answers at its usual rate
 * again. So whoever opens the port next, also after kill -9 or a power cut of this computer, knows where the device may be. */
#ifndef UNBRICK_CORE_RATE_NOTE_H
#define UNBRICK_CORE_RATE_NOTE_H

#include "recovery/protocol/dialog.h"
#include "src/store/casebook.h"

struct rate_note {
	unsigned usual, raised;
	char loader[24];	/* the driver's name */
	char prompt[DIALOG_PROMPT_MAX];
};

/* Durable on return. note NULL: the device is at its usual rate. */
enum status rate_note_keep(struct casebook *book, const char *port, const struct rate_note *note, struct error *reterr);
/* Of that port, by whatever name it was opened then. */
bool rate_note_find(struct casebook *book, const char *port, struct rate_note *ret_note);

#endif
