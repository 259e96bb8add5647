// Names the functions that the module takes from its loader, so that the linker accepts them and no others. Their bodies
// are in instance.js; nothing of this file is shipped.
mergeInto(LibraryManager.library, { bl_read: function () {}, bl_clock: function () {} })
