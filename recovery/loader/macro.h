/* recovery/loader/macro.h
 *
 * A command that is kept as data and sent by one key. It may ask and show; it may not write: what writes belongs into a
 * procedure, behind its guards. */
#ifndef UNBRICK_RECOVERY_MACRO_H
#define UNBRICK_RECOVERY_MACRO_H

#include <stdbool.h>
#include <stddef.h>

struct console_state;

enum macro_at { MACRO_AT_LOADER, MACRO_AT_SHELL };

struct macro {
	const char *name; /* "memory and clock" */
	const char *text; /* what is sent, "bdinfo\r" */
	enum macro_at at; /* where it is understood */
	const char *loader; /* of MACRO_AT_LOADER: the driver's name; NULL: any */
	const char *source; /* of one that many devices share */
};

enum { MACRO_TEXT_MAX = 120 };

/* Why a text may not be a macro's: it writes ("saveenv writes"), or holds other keys than text, tab and Enter. NULL: it
 * may. The reason is put together in scratch. Sees commands by their first words, in U-Boot's and other loaders' syntax
 * and a shell's, also behind ; | && and in $(...); a name that hides what it runs (run, sh, eval) counts as writing. */
const char *macro_fault(const char *text, char *scratch, size_t size);
/* Whether the device waits where this is understood, as far as one can see. */
bool macro_fits(const struct macro *macro, const struct console_state *state);

#endif
