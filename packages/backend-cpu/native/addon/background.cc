#include "addon/background.h"

#include <utility>

namespace tensorplan::addon {

Background::Background(Napi::Env env, std::shared_ptr<Device> device) : env_(env), device_(std::move(device)) {
  channel_ = Channel::New(env, "tensorplan background", 0, 1, this);
  // Only pending work keeps the process alive.
  channel_.Unref(env);
  // Hooks run last in, first out: this one before the channel's own, which would close it while the thread still uses it.
  napi_add_env_cleanup_hook(env_, on_environment_end, this);
}

Background::~Background() {
  if (channel_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, on_environment_end, this);
  stop();
}

void Background::on_environment_end(void* given) {
  auto* background = static_cast<Background*>(given);
  const std::shared_ptr<Background> kept = std::move(background->self_);
  background->device_->close();
  background->stop();
}

// Ends the thread after the job in work; jobs not begun are dropped.
void Background::stop() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  while (!jobs_.empty()) jobs_.pop();
  channel_.Release();
  channel_ = Channel();
}

Napi::Value Background::run(Napi::Env env, Work work, const Napi::Value& kept) {
  auto job = std::make_unique<Job>(Job{std::move(work), Napi::Promise::Deferred::New(env), {}, TP_OK, ""});
  if (kept.IsObject()) job->kept = Napi::Persistent(kept.As<Napi::Object>());
  const Napi::Promise promise = job->deferred.Promise();
  if (!thread_.joinable()) thread_ = std::thread([this] { this->work(); });
  if (pending_++ == 0) {
    self_ = shared_from_this();
    channel_.Ref(env);
  }
  {
    const std::lock_guard lock(mutex_);
    jobs_.push(std::move(job));
  }
  changed_.notify_one();
  return promise;
}

void Background::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return quit_ || !jobs_.empty(); });
    if (quit_) return;
    std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop();
    lock.unlock();
    job->status = job->work(job->message);
    job->work = nullptr;
    // The channel takes the job over; it refuses only when the environment ends.
    if (channel_.NonBlockingCall(job.get()) == napi_ok) job.release();
  }
}

void Background::deliver(Napi::Env env, Napi::Function, Background* background, Job* given) {
  const std::unique_ptr<Job> job(given);
  // The environment ends: nobody waits for the promise any more.
  if (env == nullptr) return;
  std::shared_ptr<Background> last;
  if (--background->pending_ == 0) {
    last = std::move(background->self_);
    background->channel_.Unref(env);
  }
  if (job->status == TP_FAILED)
    job->deferred.Reject(Napi::Error::New(env, job->message).Value());
  else
    job->deferred.Resolve(Napi::String::New(env, job->status == TP_OK ? "ok" : "cancelled"));
}

}  // namespace tensorplan::addon
