/* tests/fakes/file_holder.h
 *
 * Another process that has a file open. */
#ifndef UNBRICK_TESTS_FILE_HOLDER_H
#define UNBRICK_TESTS_FILE_HOLDER_H

#include <sys/types.h>

/* It has opened the file when this returns; *ret_pipe is for the end. */
pid_t file_holder_begin(const char *path, int *ret_pipe);
void file_holder_end(pid_t child, int ready);

#endif
