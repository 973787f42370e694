/* tests/fuzz/fuzz_loader_reply.c: hostile replies to every task of every driver. What it types must be one printable line of
 * bounded length, and nothing may count as verified that no checksum vouched for. */
#include <stdlib.h>

#include "recovery/loader/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGE_SIZE = 0x21234 };

static void check_line(const struct loader_say *say)
{
	size_t length = strlen(say->command);

	if (length == 0 || length > 255 || say->silence_ms == 0)
		abort();
	for (size_t i = 0; i < length; i++)
		if (say->command[i] < ' ' || say->command[i] > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t image[IMAGE_SIZE];
	const struct loader_driver *driver = loader_driver_find(size > 4 ? loader_driver_name(data[4] % 16) : NULL);
	loader_next *const tasks[] = { driver->learn, driver->load_tftp, driver->write, driver->compare, driver->unlock };
	struct loader_place place = { .load_address = 0x44000000, .device_ip = "192.168.1.20", .bench_ip = "192.168.1.10", .file_name = "firmware.bin" };
	struct loader_build build = { 0 };
	struct loader_task task;
	struct loader_say say = { 0 };
	struct error error = { 0 };
	struct loader_difference difference;
	char reply[1024], *next = NULL;

	if (size < 5 || tasks[(data[0] & 31) % 5] == NULL)
		return 0;
	place.node = data[1] & 64 ? "flash1.trx" : data[1] & 32 ? "/dev/nor0" : NULL;
	image[7] = 0x55;
	place.storage = (enum loader_storage)(data[1] % 6);
	place.offset = (uint64_t)data[2] << (data[3] & 31);
	place.erase_size = data[3] & 64 ? (uint64_t)data[2] << 9 : 0;
	place.room = data[3] & 128 ? IMAGE_SIZE : 0;
	loader_task_init(&task, &place, &build, bytes_of(image, data[0] & 128 ? 1200 : IMAGE_SIZE));
	task.stop_at_difference = data[0] & 64;
	task.cell_size = data[0] & 32 ? 0x1000 : LOADER_CELL;
	next = NULL;
	for (size_t at = 5; at < size || next == NULL;) {
		enum loader_turn turn = tasks[(data[0] & 31) % 5](&task, next, &say, &error);
		size_t length = 0;

		if (turn == LOADER_FAILED && error.text[0] == '\0')
			abort();
		if (turn != LOADER_TYPE)
			break;
		check_line(&say);
		while (at < size && length < sizeof(reply) - 1 && data[at] != '\0')
			reply[length++] = (char)data[at++];
		at++;
		reply[length] = '\0';
		next = reply;
	}
	loader_difference_of(&task, &difference);
	if (task.cell_count > LOADER_CELLS_MAX || task.at > task.image.size)
		abort();
	return 0;
}
