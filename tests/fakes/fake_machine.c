#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "tests/fakes/fake_machine.h"


static int remove_entry(const char *path, const struct stat *file, int kind, struct FTW *where)
{
	(void)file;
	(void)kind;
	(void)where;
	return remove(path);
}

int make_machine(void **state)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	const char *temporary = getenv("TMPDIR");
	char folder[200];

	text_format(folder, sizeof(folder), "%s/bench-XXXXXX", temporary != NULL ? temporary : "/tmp");
	assert_non_null(machine);
	assert_non_null(mkdtemp(folder));
	AUTO_FREE char *real = realpath(folder, NULL);
	text_copy(machine->prefix, sizeof(machine->prefix), real);
	machine->roots.prefix = machine->prefix;
	*state = machine;
	return 0;
}

int drop_machine(void **state)
{
	struct machine *machine = *state;

	nftw(machine->prefix, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(machine);
	return 0;
}

static void make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (mkdir(path, 0755) != 0)
			assert_int_equal(errno, EEXIST);
		*at = '/';
	}
}

void put(const struct machine *machine, const char *path, const char *content)
{
	char full[1024];
	int fd;

	text_format(full, sizeof(full), "%s%s", machine->prefix, path);
	make_folders(full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

void put_link(const struct machine *machine, const char *path, const char *target)
{
	char full[1024], to[1024];

	text_format(full, sizeof(full), "%s%s", machine->prefix, path);
	make_folders(full);
	if (target[0] == '/')
		text_format(to, sizeof(to), "%s%s", machine->prefix, target);
	else
		text_copy(to, sizeof(to), target);
	assert_int_equal(symlink(to, full), 0);
}

void put_in(const struct machine *machine, const char *folder, const char *name, const char *content)
{
	char path[512];

	put(machine, text_format(path, sizeof(path), "%s/%s", folder, name), content);
}

const struct bench_state *scan(struct machine *machine, const char *hand_ports)
{
	bench_scan_below(&machine->roots, hand_ports, NULL, &machine->now);
	return &machine->now;
}

void put_usb_device(const struct machine *machine, const char *path, const char *vendor, const char *product)
{
	char folder[256], link[256];

	text_format(folder, sizeof(folder), "/sys/devices/pci0/usb1/%s", path);
	put_in(machine, folder, "busnum", "1\n");
	put_in(machine, folder, "idVendor", vendor);
	put_in(machine, folder, "idProduct", product);
	put_link(machine, text_format(link, sizeof(link), "/sys/bus/usb/devices/%s", path), folder);
}

void put_usb_tty(const struct machine *machine, const char *usb, const char *interface, const char *name)
{
	char folder[300], path[400], text[128];

	text_format(folder, sizeof(folder), "/sys/devices/pci0/usb1/%s/%s/%s/tty/%s", usb, interface, name, name);
	put_in(machine, folder, "uevent", text_format(text, sizeof(text), "MAJOR=188\nDEVNAME=%s\n", name));
	put_link(machine, text_format(path, sizeof(path), "%s/device", folder), "../..");
	put_link(machine, text_format(path, sizeof(path), "/sys/class/tty/%s", name), folder);
	put(machine, text_format(path, sizeof(path), "/dev/%s", name), "");
}

void put_uart(const struct machine *machine, const char *name, const char *type)
{
	char folder[300], path[400];

	text_format(folder, sizeof(folder), "/sys/devices/platform/serial8250/tty/%s", name);
	put_in(machine, folder, "type", type);
	put_link(machine, text_format(path, sizeof(path), "%s/device", folder), "../..");
	put_link(machine, text_format(path, sizeof(path), "/sys/class/tty/%s", name), folder);
	put(machine, text_format(path, sizeof(path), "/dev/%s", name), "");
}
