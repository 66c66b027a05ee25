--- Which type a medium has: by its first bytes, else by its name's extension.
-- The platform guesses the type from the extension (PLATFORM.md section 3), so
-- a name that lies is set right.
local ascii = require "yuanjing.ascii"

local types = {}

--- How many bytes of a file match() wants to see.
types.HEAD = 64

local BY_EXTENSION = {
  jpg = "image/jpeg", jpeg = "image/jpeg", jpe = "image/jpeg",
  jfif = "image/jpeg", png = "image/png", webp = "image/webp",
  gif = "image/gif", bmp = "image/bmp", tif = "image/tiff",
  tiff = "image/tiff", heic = "image/heic", heif = "image/heif",
  avif = "image/avif", svg = "image/svg+xml",
  mp4 = "video/mp4", m4v = "video/x-m4v", mov = "video/quicktime",
  webm = "video/webm", mkv = "video/x-matroska", avi = "video/x-msvideo",
  mpg = "video/mpeg", mpeg = "video/mpeg", ["3gp"] = "video/3gpp",
  ["3g2"] = "video/3gpp2", flv = "video/x-flv", wmv = "video/x-ms-wmv",
  ogv = "video/ogg", ts = "video/mp2t",
  mp3 = "audio/mpeg", wav = "audio/wav", m4a = "audio/mp4",
  ogg = "audio/ogg", oga = "audio/ogg", opus = "audio/ogg",
  flac = "audio/flac", aac = "audio/aac", wma = "audio/x-ms-wma",
  amr = "audio/amr", mka = "audio/x-matroska",
}

-- For a type two extensions share, the one to add to a bare name.
local PREFERRED = { ["image/jpeg"] = "jpg", ["image/tiff"] = "tif",
  ["video/mpeg"] = "mpg", ["audio/ogg"] = "ogg" }

local function extension_of_type(mime)
  if PREFERRED[mime] then return PREFERRED[mime] end
  for extension, other in pairs(BY_EXTENSION) do
    if other == mime then return extension end
  end
end

-- What the first bytes look like, and the extensions that go with them: the
-- first is for a name that has none of them. One container may hold several
-- kinds of media, of which the extension tells.
local MP4 = "mp4 m4v mov m4a 3gp 3g2"
local SIGNATURES = {
  { "^\255\216\255", "jpg jpeg jpe jfif" },
  { "^\137PNG\r\n\26\n", "png" },
  { "^GIF8[79]a", "gif" },
  { "^RIFF....WEBP", "webp" },
  { "^BM....%z%z%z%z", "bmp" },
  { "^II%*%z", "tif tiff" },
  { "^MM%z%*", "tif tiff" },
  { "^....ftyphei[cxms]", "heic heif" },
  { "^....ftyphev[cxms]", "heic heif" },
  { "^....ftypmif1", "heic heif avif" },
  { "^....ftypavi[fs]", "avif" },
  { "^....ftypqt  ", "mov " .. MP4 },
  { "^....ftypM4[ABP] ", "m4a " .. MP4 },
  { "^....ftyp", MP4 },
  { "^....moov", "mov " .. MP4 },
  { "^\26\69\223\163.*webm", "webm mkv mka" },
  { "^\26\69\223\163", "mkv webm mka" },
  { "^RIFF....AVI ", "avi" },
  { "^%z%z\1[\179\186]", "mpg mpeg" },
  { "^FLV\1", "flv" },
  { "^\48\38\178\117", "wmv wma" },
  { "^RIFF....WAVE", "wav" },
  { "^ID3", "mp3 aac flac" },
  { "^\255[\250\251\242\243\226\227]", "mp3" },
  { "^\255[\240\241\248\249]", "aac" },
  { "^OggS", "ogg oga ogv opus" },
  { "^fLaC", "flac" },
  { "^#!AMR", "amr" },
}

local function extension_of(name)
  local extension = name:match("[^.]%.([0-9A-Za-z]+)$")
  return extension and ascii.lower(extension)
end

-- The extensions that the bytes allow; nil: unknown bytes.
local function extensions_of(head)
  for _, signature in ipairs(SIGNATURES) do
    if head:find(signature[1]) then return signature[2] end
  end
end

local function has_word(words, word)
  return (" " .. words .. " "):find(" " .. word .. " ", 1, true) ~= nil
end

-- An extension of ours is replaced; what follows a dot otherwise stays.
local function with_extension(name, extension)
  if BY_EXTENSION[extension_of(name) or ""] then
    name = name:gsub("%.[0-9A-Za-z]+$", "")
  end
  return name .. "." .. extension
end

--- The type that a name's extension tells of.
---@param name string
---@return string?
function types.of_name(name)
  return BY_EXTENSION[extension_of(name) or ""]
end

--- The type that the first bytes of a file tell of; nil: none that is known.
---@param head string
---@return string?
function types.of_bytes(head)
  local allowed = extensions_of(head)
  return allowed and BY_EXTENSION[allowed:match("%w+")]
end

--- The name and the type that a file goes out with. A type that is told is
--- taken at its word, and only lends its extension to a name without one.
---@param name string
---@param head string the file's first bytes
---@param told? string its type, as the user says
---@return string name
---@return string type
function types.match(name, head, told)
  local extension, allowed = extension_of(name), extensions_of(head)
  if told then
    local wanted = extension_of_type(told)
    if extension or not wanted then return name, told end
    return name .. "." .. wanted, told
  end
  if allowed and not (extension and has_word(allowed, extension)) then
    extension = allowed:match("[0-9A-Za-z]+")
    name = with_extension(name, extension)
  end
  return name, BY_EXTENSION[extension or ""] or "application/octet-stream"
end

return types
