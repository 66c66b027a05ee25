--- The client: settings, and the calls that use them.
local address = require "yuanjing.http.address"
local check = require "yuanjing.base.check"
local protocols = require "yuanjing.protocol"
local lazy = require "yuanjing.base.lazy"
local settings_of = require "yuanjing.settings"
local usage = require "yuanjing.spending.usage"

-- The modules of the calls, of which a program mostly uses one.
local account = lazy.module "yuanjing.account"
local assets = lazy.module "yuanjing.asset.assets"
local conversation = lazy.module "yuanjing.chat.conversation"
local catalog = lazy.module "yuanjing.generation.catalog"
local dry_run = lazy.module "yuanjing.spending.dry_run"
local errors = lazy.kept "yuanjing.errors"
local chat = lazy.module "yuanjing.chat.call"
local journal = lazy.module "yuanjing.journal"
local media = lazy.module "yuanjing.base.media"
local speak = lazy.module "yuanjing.speech.speak"
local submit = lazy.module "yuanjing.generation.submit"
local task = lazy.module "yuanjing.task.task"
local transcribe = lazy.module "yuanjing.speech.transcribe"

local client = {}

---@class yuanjing.Client
---@field account yuanjing.Account its history, its balance, prices
---@field assets yuanjing.Assets real-person assets
---@field journal? yuanjing.Journal of a client that has one
---@field private _settings table
local methods = {}
local Client = {}

-- Fields of a client that are made when they are first used.
local MODULES = {
  account = function(settings) return account.new(settings) end,
  assets = function(settings) return assets.new(settings) end,
  journal = function(settings)
    if settings.journal then return journal.of(settings) end
  end,
}

-- Replaces a field that can not be made now: its methods return the error.
local function refusing(err)
  return setmetatable({}, { __index = function()
    return function() return nil, err end
  end })
end

function Client:__index(name)
  local enter = MODULES[name]
  if not enter then return methods[name] end
  local made, err = enter(self._settings)
  if err then return refusing(err) end
  rawset(self, name, made)
  return made
end

-- The protocol module is loaded before anything is sent: it will read the
-- answer.
local function new(settings)
  protocols.of(settings)
  settings.usage = usage.new(settings.usage)
  return setmetatable({ _settings = settings }, Client)
end

--- A client. Raises for mistakes in code: an unknown option, a wrong type.
---@param options? yuanjing.Options
---@return yuanjing.Client
function client.new(options)
  return new(settings_of.derive(settings_of.defaults(), options or {}, 2))
end

--- A client with some options changed; this client stays as it is.
---@param options yuanjing.Options
---@return yuanjing.Client
function methods:with(options)
  return new(settings_of.derive(self._settings, options, 2))
end

--- Asks a text model. With `stream = true` it returns when the head of the
--- answer is here, else when the whole answer is. It is sent at most once
--- unless the platform clearly did not take it
--- (docs/promises.md#at-most-once). Error kinds: invalid_request (before
--- anything is sent, too), auth, balance, rate_limit, platform, server,
--- transport, timeout, truncated, decode, outcome_unknown. Source:
--- docs/platform/api-v1.md#文本生成, docs/platform.md#chat-streams.
---@param params yuanjing.ChatParams
---@return yuanjing.Reply?
---@return yuanjing.Error? err
---@overload fun(self: yuanjing.Client, params: yuanjing.StreamParams): yuanjing.Stream?, yuanjing.Error?
---@nodiscard
function methods:chat(params)
  check.table("client:chat", params)
  return dry_run.unwrap(chat.call(self._settings, params))
end

--- A conversation: it asks again and again, runs tools, and can be saved. Raises
--- what is a mistake in code. Error kinds, of a saved one that can not be read: io,
--- decode, invalid_request. Source: docs/platform.md#chat-streams.
---@param options? yuanjing.ConversationOptions model, system, tools, load, ...; other fields go out with each request
---@return yuanjing.Conversation?
---@return yuanjing.Error? err
---@nodiscard
function methods:conversation(options)
  options = options or {}
  check.table("client:conversation", options)
  local talk, err = conversation.new(self._settings, options)
  return talk, err
end

--- Asks for an image and returns its task, which may be done already.
--- Parameters are checked against yuanjing.catalog before anything is sent;
--- the request is sent at most once. Error kinds: those of chat; err.task is
--- the task wherever its id was readable. Source: docs/platform/api-v1.md#文生图.
---@param params yuanjing.ImageParams model, prompt, and what the model takes
---@return yuanjing.Task?
---@return yuanjing.Error? err
---@nodiscard
function methods:image(params)
  check.table("client:image", params)
  return dry_run.unwrap(submit.call(self._settings, "image", params))
end

--- Asks for a video and returns its task. The category follows from the given
--- media: `first_frame`, `last_frame`, `reference_images`, `reference_videos`,
--- `reference_audios`. Each medium is a path, a yuanjing.file, yuanjing.bytes,
--- an asset or its yuanjing.asset_ref, or a URL where the platform takes one;
--- the platform's own field names work as well. Files of any size are sent in
--- constant memory. Error kinds as for image.
--- Source: docs/platform/api-v1.md#文生视频, docs/platform/api-v1.md#图生视频,
--- docs/platform/api-v1.md#参考生视频.
---@param params yuanjing.VideoParams model, prompt, media, and what the model takes
---@return yuanjing.Task?
---@return yuanjing.Error? err
---@nodiscard
function methods:video(params)
  check.table("client:video", params)
  return dry_run.unwrap(submit.call(self._settings, "video", params))
end

--- Has a text spoken, and returns when the first of the sound is here:
--- `speech:save(path)` saves it, `speech:chunks()` reads it as it comes. It is
--- sent at most once. Seen in the platform's public source, not yet confirmed
--- live. Error kinds: those of chat, io; err.task is a task that the platform
--- made instead. Source: docs/platform.md#speech.
---@param params yuanjing.SpeakParams model, text, voice, and what the model takes
---@return yuanjing.Speech?
---@return yuanjing.Error? err
---@nodiscard
function methods:speak(params)
  check.table("client:speak", params)
  return dry_run.unwrap(speak.call(self._settings, params))
end

--- Has a sound written down. A file of any size is sent in constant memory, and at
--- most once. Seen in the platform's public source, not yet confirmed live. Error
--- kinds: those of speak. Source: docs/platform.md#speech.
---@param params yuanjing.TranscribeParams file, model, and what the model takes
---@return yuanjing.Transcript?
---@return yuanjing.Error? err
---@nodiscard
function methods:transcribe(params)
  check.table("client:transcribe", params)
  return dry_run.unwrap(transcribe.call(self._settings, params))
end

--- A handle for a task that was submitted earlier or elsewhere, by its id.
---@param id string
---@return yuanjing.Task
function methods:task(id)
  if type(id) ~= "string" or id == "" then
    error(("client:task: expected an id, got %s"):format(type(id)), 2)
  end
  local recorder = self._settings.recorder
  return task.new(self._settings, protocols.of(self._settings), { id = id },
    recorder and recorder:about(id))
end

---@class yuanjing.ModelList
---@field [integer] string an id
---@field categories table<string, table<string, true>> of each id, where the platform names them
---@field usable yuanjing.CatalogRow[] the rows of yuanjing.catalog that the key can use now
---@field raw table[] the platform's own list

-- What a list of models has beside its ids. It stands in a metatable, so that
-- the list stays a list in JSON; the catalog is loaded only if it is asked for.
local function described(list, api)
  local categories, usable = list.categories, nil
  list.categories = nil
  return setmetatable(list, { __index = function(_, name)
    if name == "categories" then return categories end
    if name ~= "usable" then return nil end
    usable = usable or catalog.usable(api, list)
    return usable
  end })
end

--- The models that the platform offers: a list of ids, and `raw`, the
--- platform's list. `usable` has the rows of yuanjing.catalog among them.
--- Error kinds: auth, server, transport, timeout, decode, platform.
--- Source: docs/platform/api-v1.md#查询可用模型列表.
---@param options? { category?: string } only this category: t2t, t2i, t2v, i2v, ref2v, 文生图, ...
---@return yuanjing.ModelList?
---@return yuanjing.Error? err
---@nodiscard
function methods:models(options)
  options = options or {}
  check.options("client:models", options, { category = "string" })
  local list, err = protocols.of(self._settings).models(self._settings,
    options.category)
  if list then described(list, self._settings.api) end
  return dry_run.unwrap(list, err)
end

local REQUEST = {
  method = { "string", what = "a word in capitals", is = function(method)
    return method:find("^[A-Z]+$") ~= nil
  end },
  path = { "string", needed = true, what = "a path that starts with /",
    is = function(path) return path:find("^/[^%z\1-\32\127]*$") ~= nil end },
  query = "table", json = "table", form = "table",
  base = { "string", one_of = { "base_url", "asset_url" } },
}

-- JSON can not hold a file, and a handle holds more than others should see.
local function refused_media(body)
  local place = body and media.place_in(body, "json")
  if not place then return nil end
  local problem = place .. ": a file can not go out inside JSON"
  return errors.new { kind = "invalid_request", call = "client:request",
    message = problem, problems = { problem }, attempts = 0 }
end

---@class (exact) yuanjing.RawRequest
---@field path string below the base URL
---@field method? string GET, or POST if json or form is given
---@field query? table<string, string|integer>
---@field json? table
---@field form? yuanjing.Form sent as multipart/form-data, its files in constant memory
---@field base? "base_url"|"asset_url" the host to send it to

---@class yuanjing.RawResponse
---@field status integer of HTTP
---@field headers table<string, string> by lower-case name
---@field body string
---@field json any the decoded body, if it is JSON

--- The escape hatch: any call of the platform, with the same key, limits,
--- errors and hosts. Methods other than GET and HEAD count as billable: they
--- are sent at most once. Error kinds: those of chat. Source:
--- docs/platform.md#endpoints.
---@param options yuanjing.RawRequest
---@return yuanjing.RawResponse?
---@return yuanjing.Error? err
---@nodiscard
function methods:request(options)
  check.options("client:request", options, REQUEST)
  if options.json and options.form then
    error("client:request: json, form: give one of them", 2)
  end
  local err = refused_media(options.json)
  if err then return nil, err end
  return dry_run.unwrap(protocols.of(self._settings).request(self._settings, {
    method = options.method
      or (options.json or options.form) and "POST" or "GET",
    path = options.path, query = options.query, json = options.json,
    base = options.base,
  }, options.form))
end

--- The usage so far of this client and of the clients derived from it, as far
--- as the platform reported it.
---@return yuanjing.Usage
---@nodiscard
function methods:usage()
  return usage.total(self._settings)
end

check.methods("client", methods, "_settings")

function Client:__tostring()
  return ("yuanjing.Client (%s)")
    :format(address.shown(self._settings.base_url))
end

return client
