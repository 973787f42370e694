/* src/core/line_pipe.h
 *
 * A serial line between two descriptors, for scripts: what is read from one goes to the line, what the line says goes
 * to the other, byte by byte as it is. Descriptors get their mode back at the end: others share them. It ends well when
 * the input is at its end, everything has left, and the line was quiet for a while; it fails when the line is lost, for
 * nobody is there to plug it in again. */
#ifndef UNBRICK_CORE_LINE_PIPE_H
#define UNBRICK_CORE_LINE_PIPE_H

#include "src/io/line.h"
#include "src/io/loop.h"
#include "src/store/capture.h"

struct line_pipe;

struct line_pipe_options {
	const char *port;
	struct line_settings settings;
	int in, out;
	unsigned quiet_ms;
	struct capture *capture; /* gets what the line says, too; stays the caller's. NULL: none */
};

/* Fails as line_open() does. on_done is called once, on the loop: STATUS_GONE: the line is lost; STATUS_IO: the
 * output takes no more, or the input cannot be read. A log that cannot be kept is told at the end, by NO_SPACE or IO.
 */
enum status line_pipe_open(struct loop *loop, const struct line_pipe_options *options,
			   void (*on_done)(void *user, enum status status, const struct error *error), void *user,
			   struct line_pipe **ret_pipe, struct error *reterr);
void line_pipe_free(struct line_pipe *pipe);

#endif
