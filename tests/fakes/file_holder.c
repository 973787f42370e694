#include "tests/fakes/file_holder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fakes/file_holder.h"

pid_t file_holder_begin(const char *path, int *ret_pipe)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

		close(ready[0]);
		if (fd < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	*ret_pipe = ready[0];
	return child;
}

void file_holder_end(pid_t child, int ready)
{
	close(ready);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
