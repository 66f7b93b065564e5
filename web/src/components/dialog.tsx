import { X } from "lucide-react";
import { AlertDialog, Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { Button, buttonLook, IconButton } from "./button";

const shade = "fixed inset-0 z-40 bg-black/50";
const panel =
  "fixed z-50 flex flex-col overflow-hidden border border-line bg-raised shadow-xl focus:outline-none " +
  "max-md:inset-x-0 max-md:bottom-0 max-md:max-h-[92dvh] max-md:rounded-t-xl " +
  "md:left-1/2 md:top-1/2 md:max-h-[90dvh] md:-translate-x-1/2 md:-translate-y-1/2 md:rounded-xl";

// The first field, or the first button below: nobody opens a dialog for the cross in its corner.
function focusWhatIsAsked(event: Event) {
  const content = event.currentTarget;
  const wanted =
    content instanceof HTMLElement &&
    (content.querySelector<HTMLElement>("input, select, textarea") ??
      content.querySelector<HTMLElement>("footer button"));
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
}

export function Dialog({
  open,
  onClose,
  title,
  description,
  wide,
  children,
  footer,
}: {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  wide?: boolean;
  children: ReactNode;
  footer?: ReactNode;
}) {
  return (
    <Primitive.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className={shade} />
        <Primitive.Content
          className={`${panel} ${wide ? "md:w-[44rem]" : "md:w-[28rem]"}`}
          onOpenAutoFocus={focusWhatIsAsked}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className="flex items-start justify-between gap-4 border-line border-b px-5 py-3">
            <div>
              <Primitive.Title className="font-semibold text-[0.9375rem]">{title}</Primitive.Title>
              {description && (
                <Primitive.Description className="text-fg-2">{description}</Primitive.Description>
              )}
            </div>
            <Primitive.Close asChild>
              <IconButton label="Close">
                <X size={16} />
              </IconButton>
            </Primitive.Close>
          </header>
          <div className="min-h-0 overflow-y-auto px-5 py-4">{children}</div>
          {footer && (
            <footer className="flex justify-end gap-2 border-line border-t px-5 py-3">{footer}</footer>
          )}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

// A question with consequences. The focus is on the way out, never on the deed.
export function Confirm({
  open,
  onClose,
  title,
  children,
  action,
  onConfirm,
  danger = true,
  cancel = "Cancel",
}: {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  action: string;
  onConfirm: () => void;
  danger?: boolean;
  cancel?: string;
}) {
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={shade} />
        <AlertDialog.Content className={`${panel} md:w-[26rem]`}>
          <div className="overflow-y-auto px-5 py-4">
            <AlertDialog.Title className="font-semibold text-[0.9375rem]">{title}</AlertDialog.Title>
            <AlertDialog.Description asChild>
              <div className="mt-2 space-y-2 text-fg-2">{children}</div>
            </AlertDialog.Description>
          </div>
          <footer className="flex justify-end gap-2 border-line border-t px-5 py-3">
            <AlertDialog.Cancel className={buttonLook("plain")}>{cancel}</AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button tone={danger ? "sell" : "primary"} onClick={onConfirm}>
                {action}
              </Button>
            </AlertDialog.Action>
          </footer>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
