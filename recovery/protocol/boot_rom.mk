librecovery_a_SOURCES += recovery/protocol/boot_rom.c recovery/protocol/boot_rom.h
librecovery_a_SOURCES += recovery/protocol/boot_rom_machine.c recovery/protocol/boot_rom_machine.h
librecovery_a_SOURCES += recovery/protocol/boot_rom_hisilicon.c recovery/protocol/boot_rom_hisilicon_objects.c recovery/protocol/boot_rom_hisilicon.h
librecovery_a_SOURCES += recovery/protocol/boot_rom_marvell.c
librecovery_a_SOURCES += recovery/protocol/boot_rom_xmodem.c
libcore_a_SOURCES += src/core/boot_rom_job.c src/core/boot_rom_job.h
libcli_a_SOURCES += src/cli/bootrom.c
