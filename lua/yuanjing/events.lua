--- What a client tells a program that listens (`on_event`). Secrets are taken out
-- by those who tell.
local events = {}

---@class yuanjing.RequestEvent a try is about to be sent
---@field type "request"
---@field call string "POST /llmage/v1/chat/completions"
---@field attempt integer 1, 2, ...
---@field url string without secrets

---@class yuanjing.ResponseEvent an answer, or the head of a stream or a file, is here
---@field type "response"
---@field call string
---@field attempt integer
---@field status integer of HTTP
---@field elapsed number seconds since the try began
---@field steps? table<"name"|"connect"|"tls"|"answer", number> seconds until each step it has come to
---@field error? yuanjing.Error its body broke off
---@field usage? table what the platform said was used; a stream's comes with its end

---@class yuanjing.ErrorEvent a try failed, or a stream did after its head
---@field type "error"
---@field call string
---@field attempt integer
---@field status? integer of HTTP
---@field elapsed? number seconds since the try began; not of a stream
---@field steps? table<"name"|"connect"|"tls"|"answer", number> seconds until each step it has come to
---@field error yuanjing.Error

---@class yuanjing.RetryEvent it will be tried again
---@field type "retry"
---@field call string
---@field attempt integer the one that failed
---@field delay number seconds until the next
---@field error yuanjing.Error

---@class yuanjing.UploadEvent a file is on its way: five times a second at most
---@field type "upload"
---@field call string
---@field sent integer bytes
---@field total integer bytes

---@class yuanjing.LimitEvent a call has to wait for its turn
---@field type "limit"
---@field call string "POST /llmage/v1/chat/completions"
---@field bound? "in_flight"|"per_minute" what it waits for; none while others are first
---@field ahead integer how many wait before it
---@field delay? number of per_minute: seconds until there is room

---@class yuanjing.EndEvent a stream has ended well
---@field type "end"
---@field call string
---@field attempt integer
---@field status integer of HTTP
---@field elapsed number seconds since the attempt began
---@field usage? table what the platform said of it

---@class yuanjing.WarningEvent the journal has something to say
---@field type "warning"
---@field code? "worker.lost" a worker lost the lease of that task: another may have it by now
---@field message string
---@field task? yuanjing.Task|{ id: string?, status: string?, note: string? } it is about

--- What `on_event` sees, told apart by `type`.
---@alias yuanjing.Event
---| yuanjing.RequestEvent
---| yuanjing.ResponseEvent
---| yuanjing.ErrorEvent
---| yuanjing.RetryEvent
---| yuanjing.UploadEvent
---| yuanjing.EndEvent
---| yuanjing.LimitEvent
---| yuanjing.WarningEvent

--- Tells whoever listens. What they raise is their own affair: it must not lose an
--- answer that is paid for.
---@param settings table
---@param event yuanjing.Event
function events.emit(settings, event)
  if settings.on_event then pcall(settings.on_event, event) end
end

return events
