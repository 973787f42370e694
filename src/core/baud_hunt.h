/* src/core/baud_hunt.h
 *
 * Finds the rate that the device at an open console talks at, by listening only: nothing is sent, DTR and RTS stay.
 * What was read while it hunts is in the capture like everything else, with a remark for each change of the rate. When
 * it is stopped or does not come to a result, the line has the rate it had before. See recovery/serial/baud_guess.h. */
#ifndef UNBRICK_CORE_BAUD_HUNT_H
#define UNBRICK_CORE_BAUD_HUNT_H

#include "src/base/bytes.h"
#include "src/base/status.h"
#include "src/core/snapshot.h"

struct baud_hunt;
struct console;
struct loop;

/* seen: the last bytes read at the present rate; often one look at them is enough. expected: of the model, or 0. done
 * is called once, from the loop; the hunt may be freed in it. baud: the rate found, 0: undecided. */
enum status baud_hunt_new(struct loop *loop, struct console *console, unsigned expected, struct bytes seen,
			  void (*done)(void *user, unsigned baud), void *user, struct baud_hunt **ret_hunt,
			  struct error *reterr);
/* One that is not done puts the line back to its rate. */
void baud_hunt_free(struct baud_hunt *hunt);
void baud_hunt_bytes(struct baud_hunt *hunt, struct bytes in, uint64_t now_ms);
void baud_hunt_fill_view(const struct baud_hunt *hunt, struct baud_hunt_view *ret_view);

#endif
