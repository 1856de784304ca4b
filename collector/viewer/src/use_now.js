import { useEffect, useState } from "preact/hooks";

const kEvery = 5000;

/// The time, told anew every few seconds, for what says "3s ago".
export function useNow() {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), kEvery);
    return () => clearInterval(timer);
  }, []);
  return now;
}
