#include "recovery/loader/loader.h"

#include <stdio.h>

#include "src/base/text.h"

static const struct loader_driver *const drivers[] = {
	&loader_uboot, &loader_redboot, &loader_barebox, &loader_cfe, &loader_realtek, &loader_zyxel, &loader_breed, &loader_pepe2k, &loader_hikvision, &loader_dahua,
};

const struct loader_driver *loader_driver_find(const char *name)
{
	if (name == NULL)
		return &loader_uboot;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

const char *loader_driver_name(size_t i)
{
	return i < sizeof(drivers) / sizeof(drivers[0]) ? drivers[i]->name : NULL;
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
	task->proof = "size and CRC are right";
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

static void count_cells(const struct loader_task *task, struct loader_difference *is)
{
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
}

/* Data rarely ends at a cell's border, so the first cell of an erased run may hold some of the image. */
static void find_pattern(const struct loader_task *task, struct loader_difference *is)
{
	size_t bad = is->differs + is->erased;

	is->has_erased_tail = is->erased > 0 && is->differs <= 1 && is->first_bad > 0 && is->last_bad - is->first_bad + 1 == bad;
	is->has_foreign_front = is->first_bad == 0 && is->differs >= FRONT_MIN && is->last_bad + 1 == bad && is->same > 0 && is->erased <= 2;
	is->has_cut_front = is->first_bad > 0 && is->differs >= FRONT_MIN;
	is->is_other = is->same == 0 && is->differs >= FRONT_MIN && is->erased < is->differs;
	is->border_cell = is->has_foreign_front ? is->last_bad : is->has_cut_front ? is->first_bad : SIZE_MAX;
	/* Erased right behind the image's front, and other data behind that. */
	for (size_t i = is->first_bad; is->has_cut_front && i < is->first_bad + 2 && i < is->last_bad; i++)
		is->has_gap = is->has_gap || task->cell[i] == CELL_ERASED;
}

static void describe(const struct loader_task *task, struct loader_difference *is)
{
	size_t bad = is->differs + is->erased, cell = task->cell_size;

	if (is->total == 0)
		text_copy(is->text, sizeof(is->text), "nothing was compared");
	else if (bad == 0)
		text_copy(is->text, sizeof(is->text), "the flash holds exactly the image");
	else if (is->has_erased_tail)
		snprintf(is->text, sizeof(is->text), "the image is there up to 0x%zx; %zu KiB behind it are erased flash", is->first_bad * cell,
			 is->erased * cell / 1024);
	else if (is->has_foreign_front && is->has_gap)
		text_copy(is->text, sizeof(is->text), "other data, then a gap of erased flash, then this image: a write was interrupted half way");
	else if (is->has_foreign_front)
		snprintf(is->text, sizeof(is->text), "other data up to 0x%zx, this image behind it: another version was written over it and not to the end",
			 (is->last_bad + 1) * cell);
	else if (is->has_cut_front && is->has_gap)
		snprintf(is->text, sizeof(is->text), "this image up to 0x%zx, then a gap of erased flash, then other data: a write was interrupted half way",
			 is->first_bad * cell);
	else if (is->has_cut_front)
		snprintf(is->text, sizeof(is->text), "this image up to 0x%zx, other data behind it: it was not written to the end", is->first_bad * cell);
	else if (is->is_other)
		text_copy(is->text, sizeof(is->text), "not one block of this image is there: the flash holds another version, or something else");
	else if (is->erased == is->total)
		text_copy(is->text, sizeof(is->text), "the flash is erased where the image should be");
	else {
		snprintf(is->text, sizeof(is->text), "%zu of %zu blocks %s from the image, the first at 0x%zx", bad, is->total,
			 bad == 1 ? "differs" : "differ", is->first_bad * cell);
		if (is->erased > 0)
			text_append(is->text, sizeof(is->text), "; %zu of them erased", is->erased);
	}
}

void loader_difference_of(const struct loader_task *task, struct loader_difference *ret_difference)
{
	*ret_difference = (struct loader_difference){ .total = task->cell_count, .first_bad = SIZE_MAX, .border_cell = SIZE_MAX };
	count_cells(task, ret_difference);
	find_pattern(task, ret_difference);
	describe(task, ret_difference);
}

/* The first kind of cell and behind it the second, with at most one between them that holds the border. */
static bool goes_over(const struct loader_task *fine, enum loader_cell from, enum loader_cell to)
{
	for (size_t i = 0; i + 1 < fine->cell_count; i++) {
		size_t behind = fine->cell[i + 1] == CELL_DIFFERS ? i + 2 : i + 1;

		if (fine->cell[i] == from && behind < fine->cell_count && fine->cell[behind] == to)
			return true;
	}
	return false;
}

void loader_difference_refine(const struct loader_task *task, const struct loader_task *fine, struct loader_difference *difference)
{
	if (difference->has_foreign_front)
		difference->has_gap = goes_over(fine, CELL_ERASED, CELL_SAME);
	else if (difference->has_cut_front)
		difference->has_gap = difference->has_gap || goes_over(fine, CELL_SAME, CELL_ERASED);
	describe(task, difference);
}
