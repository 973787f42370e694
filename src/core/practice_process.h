/* src/core/practice_process.h
 *
 * The practice camera: this program started once more as a separate process (`practice-device`), seen only through its pty, its UDP and
 * its switch (a control socket). It ends with us: its standard input is our pipe. */
#ifndef UNBRICK_CORE_PRACTICE_PROCESS_H
#define UNBRICK_CORE_PRACTICE_PROCESS_H

#include <stddef.h>

#include "src/base/status.h"

struct practice_process;

/* folder is made and belongs to the camera. Waits for its first lines, two seconds at most. */
enum status practice_process_start(const char *program, const char *folder, const char *kind, struct practice_process **ret_process,
				   struct error *reterr);
void practice_process_stop(struct practice_process *process);
const char *practice_process_port(const struct practice_process *process);
const char *practice_process_image(const struct practice_process *process);	/* the vendor's good image */
/* One line to the control socket; the answer, or "". */
enum status practice_process_tell(struct practice_process *process, const char *line, char *ret_answer, size_t size, struct error *reterr);

#endif
