#include "recovery/loader/loader.h"

#include <stdio.h>

#include "src/base/text.h"

static const struct loader_driver *const drivers[] = { &loader_uboot };

const struct loader_driver *loader_driver_find(const char *name)
{
	if (name == NULL)
		return &loader_uboot;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

bool loader_storage_parse(const char *kind, enum loader_storage *ret_storage)
{
	static const char *const names[] = {
		[STORAGE_CFI] = "cfi", [STORAGE_SPI_NOR] = "spi-nor", [STORAGE_NAND] = "nand", [STORAGE_MMC] = "mmc", [STORAGE_VIRTIO] = "virtio",
	};

	for (size_t i = STORAGE_CFI; kind != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], kind) == 0) {
			*ret_storage = (enum loader_storage)i;
			return true;
		}
	return false;
}

void loader_task_init(struct loader_task *task, const struct loader_place *place, struct loader_build *build, struct bytes image)
{
	memset(task, 0, sizeof(*task));
	task->place = place;
	task->build = build;
	task->image = image;
	task->total = image.size;
	task->cell_size = LOADER_CELL;
	task->first_difference = UINT64_MAX;
}

bool loader_env_value(const char *printenv, const char *name, char *ret_value, size_t size)
{
	size_t length = strlen(name);

	for (const char *line = printenv; line && *line;) {
		const char *end = strchr(line, '\n');
		size_t line_length = end ? (size_t)(end - line) : strlen(line);

		if (line_length > length && strncmp(line, name, length) == 0 && line[length] == '=') {
			size_t value = line_length - length - 1;

			if (value >= size)
				value = size - 1;
			memcpy(ret_value, line + length + 1, value);
			ret_value[value] = '\0';
			return true;
		}
		line = end ? end + 1 : NULL;
	}
	return false;
}

/* A front of other data has several cells, or a bad one could as well be a single damaged place. */
enum { FRONT_MIN = 3 };

void loader_difference_of(const struct loader_task *task, struct loader_difference *ret_difference)
{
	struct loader_difference *is = ret_difference;
	size_t bad;

	*is = (struct loader_difference){ .total = task->cell_count, .first_bad = SIZE_MAX };
	for (size_t i = 0; i < task->cell_count; i++) {
		is->same += task->cell[i] == CELL_SAME;
		is->differs += task->cell[i] == CELL_DIFFERS;
		is->erased += task->cell[i] == CELL_ERASED;
		if (task->cell[i] == CELL_SAME)
			continue;
		if (is->first_bad == SIZE_MAX)
			is->first_bad = i;
		is->last_bad = i;
	}
	bad = is->differs + is->erased;
	/* Data rarely ends at a cell's border, so the first cell of an erased run may hold some of the image. */
	is->has_erased_tail = is->erased > 0 && is->differs <= 1 && is->first_bad > 0 && is->last_bad - is->first_bad + 1 == bad;
	is->has_foreign_front = is->first_bad == 0 && is->differs >= FRONT_MIN && is->last_bad + 1 == bad && is->same > 0 && is->erased <= 2;
	if (is->total == 0)
		text_copy(is->text, sizeof(is->text), "nothing was compared");
	else if (bad == 0)
		text_copy(is->text, sizeof(is->text), "the flash holds exactly the image");
	else if (is->has_erased_tail)
		snprintf(is->text, sizeof(is->text), "the image is there up to 0x%zx; %zu KiB behind it are erased flash, never written",
			 is->first_bad * (size_t)task->cell_size, is->erased * task->cell_size / 1024);
	else if (is->has_foreign_front)
		snprintf(is->text, sizeof(is->text), "other data up to 0x%zx, this image behind it: another version was written over it and not to the end",
			 (is->last_bad + 1) * (size_t)task->cell_size);
	else if (is->erased == is->total)
		text_copy(is->text, sizeof(is->text), "the flash is erased where the image should be");
	else
		snprintf(is->text, sizeof(is->text), "%zu of %zu blocks differ from the image, the first at 0x%zx; %zu of them are erased", bad, is->total,
			 is->first_bad * (size_t)task->cell_size, is->erased);
}

/* Erased cells in front of the image's, with at most one between them that holds the border. */
static bool ends_in_gap(const struct loader_task *fine)
{
	for (size_t i = 0; i + 1 < fine->cell_count; i++) {
		size_t behind = fine->cell[i + 1] == CELL_DIFFERS ? i + 2 : i + 1;

		if (fine->cell[i] == CELL_ERASED && behind < fine->cell_count && fine->cell[behind] == CELL_SAME)
			return true;
	}
	return false;
}

void loader_difference_refine(struct loader_difference *difference, const struct loader_task *fine)
{
	if (!difference->has_foreign_front || !ends_in_gap(fine))
		return;
	difference->has_gap = true;
	text_copy(difference->text, sizeof(difference->text), "other data, then a gap of erased flash, then this image: a write was interrupted half way");
}
