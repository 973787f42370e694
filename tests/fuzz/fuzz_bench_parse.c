/* tests/fuzz/fuzz_bench_parse.c
 *
 * Any text in place of /proc/net/udp, /proc/locks, mountinfo, a lock file, a uevent or the list of ports by hand. */
#include <stdlib.h>

#include "src/io/bench_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = { data, size }, line;
	struct bench_udp_socket socket;
	struct bench_mount mount;
	struct bench_lock lock;
	char value[32];

	while (bench_next_line(&text, &line)) {
		if (bench_parse_udp(line, &socket) && socket.port > 65535)
			abort();
		if (bench_parse_mount(line, &mount) && memchr(mount.source, '\0', sizeof(mount.source)) == NULL)
			abort();
		if (bench_parse_lock(line, &lock) && lock.pid < 0)
			abort();
	}
	text = (struct bytes){ data, size };
	if (bench_parse_uucp(text) < 0)
		abort();
	bench_parse_uevent(text, "DEVNAME", value, sizeof(value));
	while (bench_parse_name(&text, value, sizeof(value)))
		if (value[0] == '\0')
			abort();
	return 0;
}
